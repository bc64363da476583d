"""Asks the API endpoint from the controller where a way leads there, then has a machine of the cluster verify the rest."""
import ssl
import time
from urllib.error import HTTPError
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase

POLL_SECONDS = 0.3
REQUEST_SECONDS = 5


def observe(opener, url):
    """'ready', or what the endpoint answered instead."""
    try:
        with opener.open(url + '/readyz', timeout=REQUEST_SECONDS):
            return 'ready'
    except HTTPError as error:
        return 'status %d' % error.code
    except OSError as error:
        return str(error)


def wait_for(endpoint, limit_seconds):
    """What the endpoint answered last, within the limit."""
    context = ssl.create_default_context(cafile=endpoint['ca'])
    context.load_cert_chain(endpoint['certificate'], endpoint['key'])
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=context))
    end = time.monotonic() + limit_seconds
    while True:
        observed = observe(opener, endpoint['url'])
        if observed == 'ready' or time.monotonic() > end:
            return observed
        time.sleep(POLL_SECONDS)


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        arguments = self._task.args
        endpoint = arguments.get('endpoint')
        if endpoint and boolean(endpoint.get('from_controller', True)):
            observed = wait_for(endpoint, int(arguments.get('limit_seconds', 60)))
            if observed != 'ready':
                # A machine that does not answer at all explains this: Ansible then calls it unreachable.
                self._low_level_execute_command('true')
                return dict(result, failed=True, msg='the API endpoint as reached from here: expected %s to be ready, '
                            'observed %s' % (endpoint['url'], observed))
        return dict(result, **self._execute_module(task_vars=task_vars))
