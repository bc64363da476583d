#!/usr/bin/python
# -*- coding: utf-8 -*-
"""Enables, starts or restarts several systemd units, and waits for them together."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: service_units
short_description: Enable and start several systemd units in one task, and prove that they answer
description:
  - Reloads systemd when a unit file has changed, unmasks and enables the units, starts what is down, restarts what is
    asked for, all units at the same time, and then waits until every probe has answered.
  - A failure carries the last lines of the journal of the units.
options:
  units: {description: Names of units, with their suffix., type: list, elements: str, required: true}
  restart:
    description: Restart those that already run, because what they read at their start has changed.
    type: bool
    default: false
  probes:
    description: HTTP addresses that must answer 200 before the task ends.
    type: list
    elements: dict
    default: []
    suboptions:
      name: {description: What is waited for., type: str, required: true}
      url: {description: Address as seen from the machine., type: str, required: true}
      limit_seconds: {description: Longest wait., type: int, default: 60}
attributes:
  check_mode: {support: full}
author: Proofgrid
"""

EXAMPLES = r"""
- name: Start the kubelet and kube-proxy together
  service_units:
    units: [kubelet.service, kube-proxy.service]
    restart: "{{ files is changed }}"
    probes:
      - {name: kubelet answers, url: 'http://127.0.0.1:10248/healthz'}
"""

RETURN = r"""
started: {description: Units that were started or restarted., type: list, elements: str, returned: always}
enabled: {description: Units that were enabled., type: list, elements: str, returned: always}
waited_seconds: {description: Seconds until each probe answered, by its name., type: dict, returned: always}
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.urls import open_url

PROBE_INTERVAL_SECONDS = 0.1
JOURNAL_LINES = 25
PROPERTIES = 'Id,LoadState,ActiveState,UnitFileState,NeedDaemonReload'


class Units(object):
    def __init__(self, module):
        self.module = module
        self.names = module.params['units']

    def systemctl(self, *arguments):
        code, out, err = self.module.run_command(['systemctl'] + list(arguments))
        if code != 0:
            self.fail('systemctl %s failed: %s' % (' '.join(arguments), (err or out).strip()))
        return out

    def fail(self, what):
        journal = ['journalctl', '--no-pager', '--output=short-precise', '--lines=%d' % JOURNAL_LINES]
        for name in self.names:
            journal += ['--unit', name]
        _, out, _ = self.module.run_command(journal)
        self.module.fail_json(msg='%s\nLast lines of %s:\n%s' % (what, ', '.join(self.names), out.strip()))

    def states(self):
        """Properties of the units, in the order of their names; an alias shows its target's."""
        blocks = self.systemctl('show', '--property=' + PROPERTIES, *self.names).strip().split('\n\n')
        return [dict(line.split('=', 1) for line in block.splitlines()) for block in blocks]

    def reload_when_needed(self, check):
        states = self.states()
        if check or not any(state['NeedDaemonReload'] == 'yes' or state['LoadState'] == 'not-found' for state in states):
            return states
        self.systemctl('daemon-reload')
        return self.states()

    def wait(self, probe):
        begin = time.time()
        last = 'no answer yet'
        while time.time() - begin < probe['limit_seconds']:
            try:
                open_url(probe['url'], timeout=5, use_proxy=False).read()
                return round(time.time() - begin, 2)
            except Exception as error:  # refused, reset, 500 while starting: all mean "not yet"
                last = '%s: %s' % (type(error).__name__, error)
            time.sleep(PROBE_INTERVAL_SECONDS)
        self.fail('%s: %s did not answer 200 within %d s (%s)' % (
            probe['name'], probe['url'], probe['limit_seconds'], last))


def main():
    module = AnsibleModule(
        argument_spec={
            'units': {'type': 'list', 'elements': 'str', 'required': True},
            'restart': {'type': 'bool', 'default': False},
            'probes': {
                'type': 'list', 'elements': 'dict', 'default': [],
                'options': {
                    'name': {'type': 'str', 'required': True},
                    'url': {'type': 'str', 'required': True},
                    'limit_seconds': {'type': 'int', 'default': 60},
                },
            },
        },
        supports_check_mode=True,
    )
    units = Units(module)
    states = dict(zip(units.names, units.reload_when_needed(module.check_mode)))
    masked = [name for name in units.names if states[name]['LoadState'] == 'masked']
    disabled = [name for name in units.names
                if states[name]['UnitFileState'] not in ('enabled', 'static', 'indirect', 'generated')]
    down = [name for name in units.names if module.params['restart'] or states[name]['ActiveState'] != 'active']
    result = {'changed': bool(disabled or down), 'started': down, 'enabled': disabled, 'waited_seconds': {}}
    if module.check_mode:
        module.exit_json(**result)
    if masked:
        units.systemctl('unmask', *masked)
    if disabled:
        units.systemctl('enable', '--quiet', *disabled)
    if down:
        units.systemctl('restart', *down)
    result['waited_seconds'] = {probe['name']: units.wait(probe) for probe in module.params['probes']}
    module.exit_json(**result)


if __name__ == '__main__':
    main()
