#!/usr/bin/python
# -*- coding: utf-8 -*-
"""Gives the running kernel what Kubernetes needs of it, and says what it cannot give."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: kernel_settings
short_description: Load features, set sysctls and switch swap off in the running system
description:
  - Changes only what differs. The files that do the same at boot are the role's.
  - In a container a feature that is missing, or a value that is wrong and cannot be written, is an error that names the
    machine below.
options:
  features:
    description: Kernel modules that must be loaded or built in.
    type: list
    elements: dict
    default: []
    suboptions:
      name: {description: Module., type: str, required: true}
      proof: {description: Path that exists when the feature does., type: path, required: true}
  sysctls: {description: Name with dots to value., type: dict, default: {}}
  swap_off: {description: Whether to switch off all swap., type: bool, default: false}
  shortcomings:
    description: What else is wrong with this kernel and cannot be changed here; each becomes a warning.
    type: list
    elements: str
    default: []
attributes:
  check_mode: {support: full}
author: Proofgrid
"""

EXAMPLES = r"""
- name: Prepare the kernel
  kernel_settings:
    features: [{name: br_netfilter, proof: /proc/sys/net/bridge/bridge-nf-call-iptables}]
    sysctls: {net.ipv4.ip_forward: '1'}
"""

RETURN = r"""
changes: {description: What was changed, or would be., type: list, elements: str, returned: always}
"""

import os

from ansible.module_utils.basic import AnsibleModule


def sysctl_path(name):
    return '/proc/sys/' + name.replace('.', '/')


def read(path):
    with open(path) as stream:
        return stream.read().split()


class Settings(object):
    def __init__(self, module):
        self.module = module
        self.changes = []
        self.refused = []

    def run(self, *words):
        code, out, err = self.module.run_command(list(words))
        return None if code == 0 else (err or out).strip()

    def feature(self, name, proof):
        if os.path.exists(proof) or os.path.isdir('/sys/module/' + name.replace('-', '_')):
            return
        self.changes.append('module ' + name)
        if self.module.check_mode:
            return
        refusal = self.run('modprobe', name)
        if refusal is not None and not os.path.exists(proof):
            self.refused.append('the kernel has no %s and does not load it: %s' % (name, refusal))

    def sysctl(self, name, value):
        try:
            if read(sysctl_path(name)) == str(value).split():
                return
        except OSError as error:
            self.refused.append('%s is wanted to be %s: %s' % (name, value, error))
            return
        self.changes.append('%s = %s' % (name, value))
        if self.module.check_mode:
            return
        try:
            with open(sysctl_path(name), 'w') as stream:
                stream.write(str(value))
        except OSError as error:
            self.refused.append('%s must be %s, is %s and cannot be written: %s' % (
                name, value, ' '.join(read(sysctl_path(name))), error.strerror))

    def swap_off(self):
        with open('/proc/swaps') as stream:
            used = [line.split()[0] for line in stream.read().splitlines()[1:]]
        if not used:
            return
        self.changes.append('swap off: ' + ', '.join(used))
        refusal = None if self.module.check_mode else self.run('swapoff', '--all')
        if refusal is not None:
            self.refused.append('swap stays on: ' + refusal)


def main():
    module = AnsibleModule(
        argument_spec={
            'features': {'type': 'list', 'elements': 'dict', 'default': [], 'options': {
                'name': {'type': 'str', 'required': True}, 'proof': {'type': 'path', 'required': True}}},
            'sysctls': {'type': 'dict', 'default': {}},
            'swap_off': {'type': 'bool', 'default': False},
            'shortcomings': {'type': 'list', 'elements': 'str', 'default': []},
        },
        supports_check_mode=True,
    )
    for shortcoming in module.params['shortcomings']:
        module.warn(shortcoming)
    settings = Settings(module)
    for feature in module.params['features']:
        settings.feature(feature['name'], feature['proof'])
    for name, value in sorted(module.params['sysctls'].items()):
        settings.sysctl(name, value)
    if module.params['swap_off']:
        settings.swap_off()
    if settings.refused:
        module.fail_json(msg='%s. In a container, set this on the machine that runs it' % '; '.join(settings.refused))
    module.exit_json(changed=bool(settings.changes), changes=settings.changes)


if __name__ == '__main__':
    main()
