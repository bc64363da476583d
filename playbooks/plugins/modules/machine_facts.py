#!/usr/bin/python
# -*- coding: utf-8 -*-
"""What a machine is, as far as the roles must know it; read-only and about 20 ms, where setup takes a second."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: machine_facts
short_description: Learn what the roles must know of a machine
description:
  - Returns the fact C(machine). Nothing is changed, and no package beyond Python's standard library and iproute2 is
    needed.
attributes:
  check_mode: {support: full}
author: Proofgrid
"""

EXAMPLES = r"""
- name: Learn what this machine is
  machine_facts:
  when: ansible_facts.machine is not defined
"""

RETURN = r"""
ansible_facts:
  description: >-
    C(machine) with os {id, version_id, name}, kernel, hostname, machine_id, boot_id, time (seconds since 1970), cpus,
    memory_mib, disk_free_mib, container (the container manager's name, empty on a real machine), sys_resource (whether
    CAP_SYS_RESOURCE is effective), cgroup {version, mode (v1, hybrid: v1 with an empty v2 hierarchy beside it, or v2),
    shared (hierarchies that other machines share), mounts}, swaps
    (device names), resolv_conf (path of the
    one that pods can use), interfaces {name: {mtu, addresses}}.
  type: dict
  returned: always
"""

import json
import os
import shutil
import time

from ansible.module_utils.basic import AnsibleModule

# capabilities(7): CAP_SYS_RESOURCE is bit 24
CAP_SYS_RESOURCE = 24


def read(path):
    try:
        with open(path) as stream:
            return stream.read()
    except OSError:
        return ''


def os_release():
    pairs = dict(line.split('=', 1) for line in read('/etc/os-release').splitlines() if '=' in line)
    return {name: pairs.get(key, '').strip('"') for name, key in
            (('id', 'ID'), ('version_id', 'VERSION_ID'), ('name', 'PRETTY_NAME'))}


def container_manager():
    for entry in read('/proc/1/environ').split('\0'):
        if entry.startswith('container='):
            return entry.split('=', 1)[1]
    return read('/run/systemd/container').strip()


def has_capability(bit):
    for line in read('/proc/1/status').splitlines():
        if line.startswith('CapEff:'):
            return bool(int(line.split()[1], 16) >> bit & 1)
    return True


def mounts(mountinfo):
    """proc(5): '36 35 98:0 /root /mount/point options [optional fields] - type source super-options'."""
    for line in mountinfo.splitlines():
        left, _, right = line.partition(' - ')
        before, after = left.split(), right.split()
        yield {'point': before[4], 'type': after[0]}


def is_root_cgroup(point):
    """Only the true root of a hierarchy has release_agent (v1) and lacks cgroup.events (v2): cgroups(7)."""
    if os.path.exists(os.path.join(point, 'release_agent')):
        return True
    return os.path.exists(os.path.join(point, 'cgroup.controllers')) and not os.path.exists(
        os.path.join(point, 'cgroup.events'))


def cgroup_facts(mountinfo, is_root=is_root_cgroup):
    """A real machine sees true roots only, a confined container none; a container that sees some shares those."""
    points = sorted({mount['point'] for mount in mounts(mountinfo) if mount['type'] in ('cgroup', 'cgroup2')})
    types = {mount['point']: mount['type'] for mount in mounts(mountinfo)}
    roots = [point for point in points if is_root(point)]
    # As the kubelet and systemd tell them apart: by what is mounted at /sys/fs/cgroup itself.
    unified = types.get('/sys/fs/cgroup') == 'cgroup2'
    return {
        'version': 2 if unified else 1,
        'mode': 'v2' if unified else 'hybrid' if 'cgroup2' in types.values() else 'v1',
        'shared': roots if len(roots) < len(points) else [],
        'mounts': points,
    }


def resolv_conf():
    """systemd-resolved's stub is unreachable from pods; its upstream servers are in a file of their own."""
    upstream = '/run/systemd/resolve/resolv.conf'
    stub = any(line.split()[:2] == ['nameserver', '127.0.0.53'] for line in read('/etc/resolv.conf').splitlines())
    return upstream if stub and os.path.exists(upstream) else '/etc/resolv.conf'


def memory_mib():
    return os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') // 2 ** 20


def interfaces(module):
    _, out, _ = module.run_command(['ip', '-json', 'address', 'show'], check_rc=True)
    return {link['ifname']: {
        'mtu': link['mtu'],
        'addresses': [address['local'] for address in link.get('addr_info', []) if 'local' in address],
    } for link in json.loads(out) if 'ifname' in link}


def main():
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    mountinfo = read('/proc/self/mountinfo')
    uname = os.uname()
    module.exit_json(changed=False, ansible_facts={'machine': {
        'os': os_release(),
        'kernel': uname.release,
        'hostname': uname.nodename,
        'machine_id': read('/etc/machine-id').strip(),
        'boot_id': read('/proc/sys/kernel/random/boot_id').strip(),
        'time': time.time(),
        'cpus': os.cpu_count(),
        'memory_mib': memory_mib(),
        'disk_free_mib': shutil.disk_usage('/var/lib').free // 2 ** 20,
        'container': container_manager(),
        'sys_resource': has_capability(CAP_SYS_RESOURCE),
        'cgroup': cgroup_facts(mountinfo),
        'swaps': [line.split()[0] for line in read('/proc/swaps').splitlines()[1:]],
        'resolv_conf': resolv_conf(),
        'interfaces': interfaces(module),
    }})


if __name__ == '__main__':
    main()
