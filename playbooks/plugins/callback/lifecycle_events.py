"""Tells the lifecycle runner what happens, one JSON object a line, on a descriptor of its own.

Unlike ansible.posix.jsonl it cannot be corrupted by what else prints to standard output, times each host by itself,
tells ignored and rescued failures from real ones, and says nothing of a module's arguments and results.
"""

import json
import os
import time
from datetime import datetime, timezone

from ansible.playbook.block import Block
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = '''
    name: lifecycle_events
    type: notification
    short_description: events for the lifecycle runner
    description:
        - Writes one JSON object a line to the file descriptor that E(LIFECYCLE_EVENTS_FD) names.
        - Does nothing where that variable is not set.
    requirements:
        - started by the lifecycle runner
'''

# Characters of a failure's message. The runner masks it before it shortens it further, so cut only the end here: a
# private key without its first line could not be recognised.
MESSAGE_LIMIT = 256 * 1024
HIDDEN = 'hidden: the task has no_log'
# Actions that never leave the runner: that they succeed says nothing of the machine.
LOCAL_ACTIONS = {'add_host', 'assert', 'debug', 'fail', 'group_by', 'include_role', 'include_tasks', 'include_vars',
                 'pause', 'set_fact', 'set_stats', 'validate_argument_spec'}


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'notification'
    CALLBACK_NAME = 'lifecycle_events'
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._started = {}
        descriptor = os.environ.get('LIFECYCLE_EVENTS_FD')
        self.disabled = descriptor is None
        if descriptor is not None:
            self._descriptor = int(descriptor)
            # Programs that tasks start have no business with it.
            os.set_inheritable(self._descriptor, False)

    def v2_playbook_on_play_start(self, play):
        self._emit('play', name=play.get_name(), path=play.get_path())

    def v2_playbook_on_no_hosts_matched(self):
        self._emit('no-hosts')

    def v2_runner_on_start(self, host, task):
        self._started[(host.get_name(), task._uuid)] = time.monotonic()
        self._emit('start', host=host.get_name(), **_describe(task))

    def v2_runner_on_ok(self, result):
        self._finish(result, 'changed' if result._result.get('changed') else 'ok')

    def v2_runner_on_skipped(self, result):
        self._finish(result, 'skipped')

    def v2_runner_on_unreachable(self, result):
        self._finish(result, 'unreachable', _message(result))

    def v2_runner_on_failed(self, result, ignore_errors=False):
        if ignore_errors:
            self._finish(result, 'ok', 'failed, and ignored: ' + _message(result))
        elif _is_rescued(result._task):
            self._finish(result, 'ok', 'failed, and rescued: ' + _message(result))
        else:
            self._finish(result, 'failed', _message(result))

    def v2_playbook_on_stats(self, stats):
        self._emit('stats', hosts={host: stats.summarize(host) for host in sorted(stats.processed)})

    def _finish(self, result, status, message=None):
        host = result._host.get_name()
        now = time.monotonic()
        started = self._started.pop((host, result._task._uuid), now)
        self._emit('result', host=host, status=status, duration_ms=round((now - started) * 1000),
                   answered=_has_answered(result._task, status), message=message and message[:MESSAGE_LIMIT],
                   warnings=_warnings(result), refusals=_refusals(result) if status == 'failed' else [],
                   **_describe(result._task))

    def _emit(self, event, **fields):
        at = datetime.now(timezone.utc).isoformat(timespec='milliseconds').replace('+00:00', 'Z')
        line = json.dumps(dict(fields, event=event, at=at), default=str) + '\n'
        data = line.encode('utf-8', 'replace')
        while data:
            data = data[os.write(self._descriptor, data):]


def _describe(task):
    role = task._role.get_name() if task._role else None
    return {'task': task.name or task.action, 'role': role, 'path': task.get_path()}


def _has_answered(task, status):
    """Whether the result came from the host itself."""
    local = task.delegate_to is not None or task.action.rpartition('.')[2] in LOCAL_ACTIONS
    return status not in ('skipped', 'unreachable') and not local


def _warnings(result):
    """What modules warn of. Of nothing that a task hides."""
    if result._task.no_log is True or result._result.get('_ansible_no_log'):
        return []
    return [str(text)[:MESSAGE_LIMIT] for text in result._result.get('warnings') or []]


def _refusals(result):
    """What cluster_guard refuses, each with the path of its field in the document."""
    if result._task.action.rpartition('.')[2] != 'cluster_guard':
        return []
    return [{'field': one['field'], 'text': one['text'][:MESSAGE_LIMIT]} for one in result._result.get('refusals') or []]


def _message(result):
    """What a person needs of a failed result: its message, its output, and that of each failed item."""
    data = result._result
    if result._task.no_log is True or data.get('_ansible_no_log') or 'censored' in data:
        return HIDDEN
    items = [item for item in data.get('results', []) if isinstance(item, dict) and item.get('failed')]
    return '\n'.join(part for one in (items or [data]) for part in _parts(one)) or 'no message'


def _parts(data):
    if data.get('_ansible_no_log') or 'censored' in data:
        return [HIDDEN]
    label = data.get('_ansible_item_label')
    parts = ['item %s:' % (label,)] if isinstance(label, (str, int)) else []
    texts = [data.get(key) for key in ('msg', 'stderr', 'module_stderr', 'stdout', 'module_stdout')]
    for text in texts:
        text = '' if text is None else str(text).strip()
        if text and not any(text in part for part in parts):
            parts.append(text)
    return parts


def _is_rescued(task):
    """Whether a block around the task has a rescue section, and the task is not itself in that or in always."""
    inner = task
    outer = task._parent
    while outer is not None:
        if isinstance(outer, Block) and outer.rescue and any(one._uuid == inner._uuid for one in outer.block):
            return True
        inner, outer = outer, getattr(outer, '_parent', None)
    return False
