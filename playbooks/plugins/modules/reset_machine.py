#!/usr/bin/python
# -*- coding: utf-8 -*-
"""Removes what a cluster left on a machine, and proves that it is gone."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: reset_machine
short_description: Remove a cluster from a machine, and prove that it is gone
description:
  - Stops services, ends the processes of pods, removes their mounts, network namespaces, cgroups and interfaces, the
    rules, chains, sets and tables of the packet filter, routes, files and the content of data directories; then looks
    for all of it again and fails naming what is left.
  - What is absent is no error. What is not named here, or carries another's name, stays.
options:
  services: {description: 'Services without suffix, in the order in which they stop.', type: list, elements: str, default: []}
  paths:
    description: Files and directories to remove, in this order. A service whose unit is listed and absent is not ours.
    type: list
    elements: path
    default: []
  links: {description: 'Removed where they are symbolic links; another file of the name stays.', type: list, elements: path, default: []}
  contents:
    description: >-
      Directories that stay, as they may be mount points, each with {names: patterns of what is removed from it, except:
      names that stay}. C(lost+found) always stays.
    type: dict
    default: {}
  tidy: {description: 'Directories that go where nothing is left in them, in this order.', type: list, elements: path, default: []}
  mounts: {description: Everything mounted below these paths is unmounted., type: list, elements: path, default: []}
  processes: {description: Names of processes (comm) that keep containers., type: list, elements: str, default: []}
  container_namespaces: {description: Namespaces of the engine whose containers are the cluster's., type: list, elements: str, default: []}
  cgroups: {description: Paths below each cgroup hierarchy; what runs there is killed., type: list, elements: str, default: []}
  namespaces: {description: Prefix of the network namespaces of pods., type: str, default: cni-}
  pod_networks:
    description: A network namespace with an address outside these is no pod's, and stays.
    type: list
    elements: str
    default: []
  interfaces: {description: Names of interfaces., type: list, elements: str, default: []}
  chains: {description: Prefixes of chains of iptables., type: list, elements: str, default: []}
  cni_networks:
    description: Names of CNI networks whose rules and chains (CNI-) are removed; C(*) stands for every name.
    type: list
    elements: str
    default: []
  sets: {description: Prefixes of ipsets., type: list, elements: str, default: []}
  tables: {description: Names of nftables' tables., type: list, elements: str, default: []}
  route_protocol: {description: Routes with this protocol are removed., type: str}
  route_networks: {description: Routes to what lies in these networks are removed., type: list, elements: str, default: []}
  limit_seconds: {description: Limit for stopping services and ending processes., type: int, default: 60}
attributes:
  check_mode: {support: full}
author: Proofgrid
"""

EXAMPLES = r"""
- name: Remove the cluster from the machine
  reset_machine:
    services: [kubelet]
    paths: [/etc/kubernetes]
    chains: [KUBE-]
"""

RETURN = r"""
removed:
  description: What was there, and is removed.
  type: list
  elements: str
  returned: always
"""

import fnmatch
import glob
import ipaddress
import json
import os
import re
import shlex
import shutil
import signal
import time

from ansible.module_utils.basic import AnsibleModule

POLL_SECONDS = 0.1
TABLES = ('filter', 'nat', 'mangle', 'raw')
# CNI plugins write for whom a rule is: 'dnat name: "proofgrid" id: "0a1b…"', plugins/meta/portmap and pkg/utils/iptables.go.
CNI_OWNER = re.compile(r'name: "([^"]+)" id: ')
# portmap's own, for all networks.
CNI_SHARED = 'CNI-HOSTPORT-'


class Rules(object):
    """The saved rules of one table of iptables, and which of them are ours."""

    def __init__(self, saved, prefixes, networks):
        self.lines = saved.splitlines()
        self.prefixes, self.networks = tuple(prefixes), networks
        self.rules = [(line, self.parse(line)) for line in self.lines if line.startswith('-A ')]
        declared = [line[1:].split()[0] for line in self.lines if line.startswith(':')]
        self.ours = {name for name in declared if self.prefixes and name.startswith(self.prefixes)}
        self.ours |= {rule['target'] for _, rule in self.rules if rule['mine'] and rule['target'].startswith('CNI-')}
        shared = {name for name in declared if name.startswith(CNI_SHARED)}
        theirs = [rule for _, rule in self.rules if rule['chain'] in shared and rule['target'].startswith('CNI-')
                  and rule['target'] not in shared | self.ours]
        if networks and not theirs:
            self.ours |= shared

    def parse(self, line):
        words = shlex.split(line)
        after = dict(zip(words, words[1:]))
        owner = CNI_OWNER.search(after.get('--comment', ''))
        return {'chain': words[1], 'target': after.get('-j') or after.get('-g') or '',
                'mine': bool(owner) and any(fnmatch.fnmatchcase(owner.group(1), each) for each in self.networks)}

    def kept(self):
        """The lines without ours."""
        gone = {line for line, rule in self.rules if rule['mine'] or {rule['chain'], rule['target']} & self.ours}
        return [line for line in self.lines if line not in gone and not (line.startswith(':') and line[1:].split()[0] in self.ours)]


class Machine(object):
    """Finds what is there (nothing is changed) and removes it; both by the same rules."""

    def __init__(self, module):
        self.module, self.params = module, module.params

    def run(self, *words, **options):
        tolerant = options.pop('tolerant', False)
        code, output, error = self.module.run_command(list(words), **options)
        if code != 0 and not tolerant:
            self.module.fail_json(msg='%s failed with %d: %s' % (' '.join(words), code, (error or output).strip()))
        return output

    def services(self):
        units = [unit for unit in ('%s.service' % name if '.' not in name else name for name in self.params['services'])
                 if not self.of_others('/etc/systemd/system/' + unit)]
        if not units:
            return []
        output = self.run('systemctl', 'show', '--property=Id,LoadState,ActiveState,UnitFileState', *units)
        found = [dict(line.split('=', 1) for line in block.splitlines()) for block in output.strip().split('\n\n')]
        return [unit for unit, state in zip(units, found) if state.get('ActiveState') not in ('inactive', 'failed')
                or state.get('UnitFileState') == 'enabled']

    def failed(self):
        """Units of ours that systemd remembers as failed: the system would stay degraded. Without a file nothing but us made them."""
        units = ['%s.service' % name if '.' not in name else name for name in self.params['services']]
        if not units:
            return []
        output = self.run('systemctl', 'show', '--property=Id,LoadState,ActiveState', *units)
        found = [dict(line.split('=', 1) for line in block.splitlines()) for block in output.strip().split('\n\n')]
        return [unit for unit, state in zip(units, found) if state.get('ActiveState') == 'failed'
                and (state.get('LoadState') == 'not-found' or not self.of_others('/etc/systemd/system/' + unit))]

    def of_others(self, unit):
        """A unit of ours is a file that we place: without it a service of this name belongs to another."""
        return unit in self.params['paths'] and not os.path.lexists(unit)

    def stop(self, units):
        for unit in units:
            self.run('timeout', str(self.params['limit_seconds']), 'systemctl', 'stop', unit)
        self.run('systemctl', 'disable', '--quiet', *units, environ_update={'SYSTEMCTL_SKIP_SYSV': '1'})

    def mounts(self):
        """Mount points below the given paths, the deepest first."""
        points = set()
        with open('/proc/self/mountinfo') as stream:
            for line in stream:
                point = line.split()[4].encode().decode('unicode_escape')
                if any(point.startswith(path.rstrip('/') + '/') for path in self.params['mounts']):
                    points.add(point)
        return sorted(points, key=len, reverse=True)

    def cgroups(self):
        """Directories of the given cgroups in every hierarchy."""
        with open('/proc/self/mountinfo') as stream:
            roots = sorted(set(line.split()[4] for line in stream if ' - cgroup' in line))
        found = [root + path for root in roots for path in self.params['cgroups']]
        return [path for path in found if os.path.isdir(path)]

    def cgroup_processes(self):
        """Processes in the cgroups; 0 stands for one of another PID namespace, which is none of ours."""
        found = set()
        for top in self.cgroups():
            for directory, _, _ in os.walk(top):
                try:
                    with open(os.path.join(directory, 'cgroup.procs')) as stream:
                        found.update(int(line) for line in stream)
                except (IOError, OSError):
                    continue
        return found - set([0])

    def named_processes(self):
        """What keeps containers of ours; its command line says of which namespace."""
        found = set()
        for path in glob.glob('/proc/[0-9]*/comm'):
            try:
                with open(path) as stream:
                    if stream.read().strip() not in self.params['processes']:
                        continue
                with open(os.path.dirname(path) + '/cmdline') as stream:
                    words = stream.read().split('\0')
            except (IOError, OSError):
                continue
            if dict(zip(words, words[1:])).get('-namespace') in self.params['container_namespaces']:
                found.add(int(path.split('/')[2]))
        return found

    def processes(self):
        return sorted(self.cgroup_processes() | self.named_processes())

    def kill(self):
        end = time.time() + self.params['limit_seconds']
        while self.processes() and time.time() < end:
            for process in self.processes():
                try:
                    os.kill(process, signal.SIGKILL)
                except OSError:
                    pass
            time.sleep(POLL_SECONDS)

    def namespaces(self):
        found = sorted(glob.glob('/run/netns/%s*' % self.params['namespaces'])) if self.params['namespaces'] else []
        return [path for path in found if self.of_pods(os.path.basename(path))]

    def of_pods(self, namespace):
        """Whether every address in a network namespace is a pod's; one without any is what a pod left."""
        links = json.loads(self.run('ip', '-netns', namespace, '-json', 'address', 'show', tolerant=True) or '[]')
        addresses = [ipaddress.ip_address(entry['local']) for link in links for entry in link.get('addr_info', [])
                     if entry.get('scope') == 'global' and 'local' in entry]
        networks = [ipaddress.ip_network(network) for network in self.params['pod_networks']]
        return all(any(address in network for network in networks) for address in addresses)

    def interfaces(self):
        return [name for name in self.params['interfaces'] if os.path.exists('/sys/class/net/' + name)]

    def routes(self):
        """(family, destination, further words) of each route that is marked as ours, or leads to a network of pods."""
        selections = [('proto', self.params['route_protocol'])] if self.params['route_protocol'] else []
        selections += [('root', network) for network in self.params['route_networks']]
        routes = []
        for selection in selections:
            families = ('-4', '-6') if selection[0] == 'proto' else ('-6' if ':' in selection[1] else '-4',)
            for family in families:
                output = self.run('ip', '-json', family, 'route', 'show', *selection, tolerant=True)
                mark = selection if selection[0] == 'proto' else ()
                routes += [(family, route['dst']) + mark for route in json.loads(output or '[]')]
        return routes

    def rules(self):
        """(tool, table, saved rules without ours) of each table that has any of our chains."""
        found = []
        for tool in ('iptables', 'ip6tables'):
            if not shutil.which(tool + '-save'):
                continue
            for table in TABLES:
                saved = self.run(tool + '-save', '-t', table, tolerant=True)
                kept = Rules(saved, self.params['chains'], self.params['cni_networks']).kept()
                if len(kept) != len(saved.splitlines()):
                    found.append((tool, table, '\n'.join(kept) + '\n'))
        return found

    def sets(self):
        if not self.params['sets'] or not shutil.which('ipset'):
            return []
        names = self.run('ipset', 'list', '-name').splitlines()
        return [name for name in names if name.startswith(tuple(self.params['sets']))]

    def tables(self):
        """(family, name); without nft(8) nothing here can have made one."""
        if not self.params['tables'] or not shutil.which('nft'):
            return []
        listed = json.loads(self.run('nft', '--json', 'list', 'tables'))['nftables']
        found = [entry['table'] for entry in listed if 'table' in entry]
        return [(table['family'], table['name']) for table in found if table['name'] in self.params['tables']]

    def paths(self):
        return ([path for path in self.params['links'] if os.path.islink(path)]
                + [path for path in self.params['paths'] if os.path.lexists(path)])

    def contents(self):
        found = []
        for path, which in self.params['contents'].items():
            names = os.listdir(path) if os.path.isdir(path) else []
            found += [os.path.join(path, name) for name in sorted(names)
                      if any(fnmatch.fnmatchcase(name, pattern) for pattern in which['names'])
                      and name not in which.get('except', []) and name != 'lost+found']
        return found

    def tidy(self):
        for path in self.params['tidy']:
            try:
                os.rmdir(path)
            except OSError:
                pass

    def remove_cgroups(self):
        for top in self.cgroups():
            for directory, _, _ in os.walk(top, topdown=False):
                try:
                    os.rmdir(directory)
                except OSError:
                    pass

    def remove_all(self):
        """In an order in which nothing that still runs can bring back what is already removed."""
        units = self.services()
        if units:
            self.stop(units)
        self.kill()
        failed = self.failed()
        if failed:
            self.run('systemctl', 'reset-failed', *failed)
        for point in self.mounts():
            self.run('umount', '--lazy', point, tolerant=True)
        for path in self.namespaces():
            self.run('umount', '--lazy', path, tolerant=True)
            os.unlink(path)
        for name in self.interfaces():
            self.run('ip', 'link', 'delete', name)
        for family, *words in self.routes():
            self.run('ip', family, 'route', 'delete', *words, tolerant=True)
        for tool, table, kept in self.rules():
            self.run(tool + '-restore', '-T', table, data=kept)
        for name in self.sets():
            self.run('ipset', 'destroy', name)
        for family, name in self.tables():
            self.run('nft', 'delete', 'table', family, name)
        self.remove_cgroups()
        # The paths last, and of them the record of the cluster: until then a reset that is cut off knows whose all this is.
        for path in self.contents() + self.paths():
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            else:
                os.unlink(path)
        self.tidy()
        self.run('systemctl', 'daemon-reload')

    def found(self):
        """Everything that is there and should not be, in words."""
        kinds = (
            ('service', self.services()), ('failed unit', self.failed()), ('process', self.processes()), ('mount', self.mounts()),
            ('network namespace', self.namespaces()), ('interface', self.interfaces()),
            ('route', ['%s %s' % route[:2] for route in self.routes()]),
            ('chains in', ['%s %s' % (tool, table) for tool, table, _ in self.rules()]), ('set', self.sets()),
            ('table', ['%s %s' % table for table in self.tables()]),
            ('cgroup', self.cgroups()), ('path', self.paths()), ('content', self.contents()),
        )
        return ['%s %s' % (kind, each) for kind, things in kinds for each in things]


def strings(elements='str'):
    return {'type': 'list', 'elements': elements, 'default': []}


def main():
    module = AnsibleModule(
        argument_spec={
            'services': strings(), 'paths': strings('path'), 'links': strings('path'), 'tidy': strings('path'),
            'contents': {'type': 'dict', 'default': {}}, 'mounts': strings('path'), 'processes': strings(),
            'container_namespaces': strings(), 'cgroups': strings(), 'namespaces': {'type': 'str', 'default': 'cni-'},
            'pod_networks': strings(), 'interfaces': strings(), 'chains': strings(), 'cni_networks': strings(),
            'sets': strings(), 'tables': strings(),
            'route_protocol': {'type': 'str'}, 'route_networks': strings(), 'limit_seconds': {'type': 'int', 'default': 60},
        },
        supports_check_mode=True,
    )
    machine = Machine(module)
    found = machine.found()
    if found and not module.check_mode:
        machine.remove_all()
        left = machine.found()
        if left:
            module.fail_json(msg='%d things are still there: %s' % (len(left), '; '.join(left[:20])), removed=found)
    module.exit_json(changed=bool(found), removed=found)


if __name__ == '__main__':
    main()
