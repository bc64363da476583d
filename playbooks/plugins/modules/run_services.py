#!/usr/bin/python
# -*- coding: utf-8 -*-
"""Enables, starts and, where their files changed, restarts several services, and waits until they are ready."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: run_services
short_description: Run systemd services with their current files, and wait until they are ready
description:
  - Enables each service, starts it when it does not run, and restarts it when one of its files is newer than its start.
    Unlike a handler this also holds when an earlier run was killed between writing a file and restarting.
  - Starts are queued in the given order and not waited for. Then each I(ready) condition is polled until it holds; the
    first that does not hold within its limit fails the task and says what was observed last.
options:
  services:
    description: Services, in the order of their start.
    type: list
    elements: dict
    required: true
    suboptions:
      name: {description: Unit name without C(.service)., type: str, required: true}
      files: {description: "Files, links or directories that the service reads at its start, its unit among them. A directory counts\n          as changed when a name in it was written.", type: list, elements: path, default: []}
  restart:
    description: >-
      Whether to restart what runs with files that have changed. A role whose restart interrupts a service starts all
      machines at once with C(false), then restarts with C(throttle: 1) and I(ready), machine by machine.
    type: bool
    default: true
  ready:
    description: Conditions that must hold at last.
    type: list
    elements: dict
    default: []
    suboptions:
      name: {description: 'What is waited for, for the failure message.', type: str, required: true}
      url: {description: 'Must answer with status 200; without it the service I(name) must be active.', type: str}
      contains: {description: Text that the answer must contain., type: str}
      ca: {description: File with the authority of the server's certificate., type: path}
      certificate: {description: File with the client's certificate., type: path}
      key: {description: File with the client's key., type: path}
      limit_seconds: {description: Limit of the wait., type: int, required: true}
attributes:
  check_mode: {support: full}
author: Proofgrid
"""

EXAMPLES = r"""
- name: Run etcd
  run_services:
    services: [{name: etcd, files: [/etc/systemd/system/etcd.service, /etc/etcd/etcd.yaml]}]
    ready: [{name: etcd is healthy, url: 'http://127.0.0.1:2381/health', contains: 'true', limit_seconds: 60}]
"""

RETURN = r"""
changed_services:
  description: Service to what was done (enabled, started, restarted).
  type: dict
  returned: always
waited_seconds:
  description: Condition to the seconds until it held.
  type: dict
  returned: always
"""

import os
import ssl
import time

from ansible.module_utils.basic import AnsibleModule

try:
    from urllib.error import HTTPError
    from urllib.request import HTTPSHandler, ProxyHandler, build_opener
except ImportError:  # only for linters on Python 2
    pass

POLL_SECONDS = 0.1
# What takes long is asked less often: a look costs a TLS handshake on a machine that is busy starting.
POLL_SHARE, LONGEST_POLL_SECONDS = 1 / 20, 1
# For one request; a server that accepts and never answers must not use up the whole limit.
REQUEST_SECONDS = 5
JOURNAL_LINES = 20
PROPERTIES = ('ActiveState', 'SubState', 'UnitFileState', 'NeedDaemonReload', 'ExecMainStartTimestampMonotonic',
              'LoadState', 'Result', 'ExecMainStatus', 'NRestarts')


def systemctl(module, *arguments):
    # Debian's packages bring init scripts too; enabling those as well takes a second and changes nothing.
    code, output, error = module.run_command(
        ['systemctl'] + list(arguments), environ_update={'SYSTEMCTL_SKIP_SYSV': '1'})
    if code != 0:
        raise RuntimeError('systemctl %s failed with %d: %s' % (' '.join(arguments), code, (error or output).strip()))
    return output


def states(module, names):
    """Unit name to its properties; one call for all units."""
    units = ['%s.service' % name for name in names]
    output = systemctl(module, 'show', '--property=' + ','.join(PROPERTIES), *units)
    blocks = [dict(line.split('=', 1) for line in block.splitlines() if '=' in line) for block in output.split('\n\n')]
    return dict(zip(names, blocks))


def started_at(state):
    """Start of the main process as seconds since the epoch, in the clock that file times use."""
    monotonic = int(state.get('ExecMainStartTimestampMonotonic') or 0) / 1e6
    return time.time() - (time.clock_gettime(time.CLOCK_MONOTONIC) - monotonic)


def newer(paths, instant):
    """Whether a file, a link or a directory's list of names changed after an instant."""
    return any(os.path.lexists(path) and os.lstat(path).st_mtime > instant for path in paths)


def action_for(service, state, may_restart):
    """start, restart, or None when the service already runs with its current files."""
    if state.get('ActiveState') not in ('active', 'activating', 'reloading'):
        return 'start'
    # systemd is about to start it again by itself, with the current files, but perhaps only seconds from now.
    if state.get('SubState') == 'auto-restart':
        return 'restart'
    return 'restart' if may_restart and newer(service['files'], started_at(state)) else None


def run(module):
    """Returns service to list of what was, or would be, done."""
    services = module.params['services']
    names = [service['name'] for service in services]
    found = states(module, names)
    done, check = dict((name, []) for name in names), module.check_mode
    disabled = [name for name in names if found[name].get('UnitFileState') != 'enabled']
    actions = [(service['name'], action_for(service, found[service['name']], module.params['restart']))
               for service in services]
    masked = [name for name in disabled if found[name].get('LoadState') == 'masked']
    stale = any(state.get('NeedDaemonReload') == 'yes' or state.get('LoadState') != 'loaded' for state in found.values())
    for name in disabled:
        done[name].append('enabled')
    if masked and not check:
        systemctl(module, 'unmask', '--quiet', *masked)
    if disabled and not check:
        # Reloads systemd, too.
        systemctl(module, 'enable', '--quiet', *disabled)
    elif stale and not check:
        systemctl(module, 'daemon-reload')
    for verb in ('start', 'restart'):
        chosen = [name for name, action in actions if action == verb]
        for name in chosen:
            done[name].append(verb + 'ed')
        if chosen and not check:
            systemctl(module, verb, '--no-block', *chosen)
    return dict((name, what) for name, what in done.items() if what)


def opener_for(condition):
    if not condition['url'].startswith('https:'):
        return build_opener(ProxyHandler({}))
    context = ssl.create_default_context(cafile=condition['ca'])
    if condition['certificate']:
        context.load_cert_chain(condition['certificate'], condition['key'])
    return build_opener(ProxyHandler({}), HTTPSHandler(context=context))


def answer(condition):
    """Returns (holds, what was observed)."""
    try:
        with opener_for(condition).open(condition['url'], timeout=REQUEST_SECONDS) as response:
            status, body = response.status, response.read(4096).decode('utf-8', 'replace')
    except HTTPError as error:
        status, body = error.code, error.read(4096).decode('utf-8', 'replace')
    except Exception as error:  # refused, reset, TLS, timeout: all mean not ready yet
        return False, str(error)
    holds = status == 200 and (condition['contains'] is None or condition['contains'] in body)
    return holds, 'status %d: %s' % (status, ' '.join(body.split())[:500])


def activity(module, condition):
    state = states(module, [condition['name']])[condition['name']]
    return state.get('ActiveState') == 'active', '%(ActiveState)s (%(SubState)s), result %(Result)s' % state


def wait(module, condition):
    """Seconds until the condition held; raises RuntimeError at its limit."""
    began = time.monotonic()
    while True:
        holds, observed = answer(condition) if condition['url'] else activity(module, condition)
        spent = time.monotonic() - began
        if holds:
            return round(spent, 2)
        if spent > condition['limit_seconds']:
            wanted = condition['url'] or 'active'
            raise RuntimeError('%s: not within %d s; expected %s%s, observed %s' % (
                condition['name'], condition['limit_seconds'], wanted,
                ' with %s' % condition['contains'] if condition['contains'] else '', observed))
        time.sleep(min(max(POLL_SECONDS, spent * POLL_SHARE), LONGEST_POLL_SECONDS))


def describe(module, names):
    """The states of the services and the end of their journals, for a failure message."""
    journal = ['journalctl', '--no-pager', '--output=short-iso', '--lines=%d' % JOURNAL_LINES]
    for name in names:
        journal += ['--unit', name]
    return '%s. Journal:\n%s' % (summary(module, names), module.run_command(journal)[1].strip())


def summary(module, names):
    return '; '.join('%s is %s (%s), result %s, exit status %s, %s restarts' % (
        name, state.get('ActiveState'), state.get('SubState'), state.get('Result'), state.get('ExecMainStatus'),
        state.get('NRestarts')) for name, state in states(module, names).items())


def main():
    text, path = {'type': 'str'}, {'type': 'path'}
    module = AnsibleModule(
        argument_spec={
            'services': {'type': 'list', 'elements': 'dict', 'required': True, 'options': {
                'name': {'type': 'str', 'required': True},
                'files': {'type': 'list', 'elements': 'path', 'default': []},
            }},
            'restart': {'type': 'bool', 'default': True},
            'ready': {'type': 'list', 'elements': 'dict', 'default': [], 'options': {
                'name': {'type': 'str', 'required': True}, 'url': text, 'contains': text, 'ca': path,
                'certificate': path, 'key': dict(path, no_log=False),
                'limit_seconds': {'type': 'int', 'required': True},
            }},
        },
        supports_check_mode=True,
    )
    names = [service['name'] for service in module.params['services']]
    waited = {}
    try:
        changed = run(module)
        for condition in [] if module.check_mode else module.params['ready']:
            waited[condition['name']] = wait(module, condition)
    except RuntimeError as error:
        module.fail_json(msg='%s. %s' % (error, describe(module, names)))
    module.exit_json(changed=bool(changed), changed_services=changed, waited_seconds=waited)


if __name__ == '__main__':
    main()
