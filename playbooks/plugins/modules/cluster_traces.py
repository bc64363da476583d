#!/usr/bin/python
# -*- coding: utf-8 -*-
"""What cluster, ours or another, a machine holds; read-only."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: cluster_traces
short_description: Learn what cluster a machine holds
description:
  - Returns the fact C(cluster_traces), which M(cluster_guard) judges. Nothing is changed.
options:
  record: {description: Where our record of the cluster lies., type: path, required: true}
  etcd_record: {description: Where the step etcd keeps the id of the cluster that its member belongs to., type: path, required: true}
  authorities: {description: Name of an authority to the path of its certificate on the machine., type: dict, required: true}
  units: {description: Name of a fact to the unit and the flag that says it., type: dict, required: true}
  etcd_pki: {description: 'Directory with ca.crt, server.crt and server.key of a member.', type: path, required: true}
  etcd_client_port: {description: Port of a member on the loopback., type: int, required: true}
  cni_directory: {description: Where the container engine looks for its network., type: path, required: true}
attributes:
  check_mode: {support: full}
author: Proofgrid
"""

EXAMPLES = r"""
- name: Learn what cluster this machine holds
  cluster_traces:
    record: /etc/proofgrid/cluster.json
    etcd_record: /etc/proofgrid/etcd.json
    authorities: {ca: /etc/kubernetes/pki/ca.crt}
    units: {service_cidr: [kube-apiserver, service-cluster-ip-range]}
    etcd_pki: /etc/etcd/pki
    etcd_client_port: 2379
    cni_directory: /etc/cni/net.d
"""

RETURN = r"""
ansible_facts:
  description: >-
    C(cluster_traces) with record and etcd_record (their content, or null), authorities (name to certificate as PEM),
    flags (name to value), etcd {data, cluster_id, members {name, peer_urls}}, cni (file names that an engine reads, in its
    order), others (paths that another installer left), ports (TCP ports that something listens on), containers
    (paths of containers).
  type: dict
  returned: always
"""

import glob
import json
import os
import re
import ssl
from urllib.error import URLError
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

from ansible.module_utils.basic import AnsibleModule

# A member on the loopback answers at once or is not there.
REQUEST_SECONDS = 3
ETCD_DATA = '/var/lib/etcd/member'
# What our playbooks never write and the usual installers do: static pods, and kubelet configuration in its data directory.
OTHERS = ('/etc/kubernetes/manifests/*', '/var/lib/kubelet/config.yaml')
# One entry for each container that containerd or Docker knows: running tasks of any namespace, and Docker's own list.
CONTAINERS = ('/run/containerd/io.containerd.runtime.v2.task/*/*', '/var/lib/docker/containers/*')
# libcni, ConfFiles: https://github.com/containernetworking/cni/blob/main/libcni/conf.go
CNI_SUFFIXES = ('.conf', '.conflist', '.json')
LISTEN = '0A'


def read(path):
    try:
        with open(path) as stream:
            return stream.read()
    except (OSError, ValueError):
        return None


def read_json(path):
    """The object in a file; an empty one where it cannot be read as that, None where there is no file."""
    text = read(path)
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def flag(unit, name):
    """The value of a flag in a unit of ours."""
    found = re.search(r'--%s=([^"\s]+)' % re.escape(name), read('/etc/systemd/system/%s.service' % unit) or '')
    return found.group(1) if found else None


def listening(table):
    """proc(5), /proc/net/tcp: 'sl: local_address:port rem_address:port state …' in hexadecimal."""
    rows = [line.split() for line in table.splitlines()[1:]]
    return {int(row[1].rpartition(':')[2], 16) for row in rows if len(row) > 3 and row[3] == LISTEN}


def member(pki, port):
    """What a running member says of its cluster; nothing where none answers."""
    try:
        context = ssl.create_default_context(cafile=os.path.join(pki, 'ca.crt'))
        context.load_cert_chain(os.path.join(pki, 'server.crt'), os.path.join(pki, 'server.key'))
        opener = build_opener(ProxyHandler({}), HTTPSHandler(context=context))
        request = Request('https://127.0.0.1:%d/v3/cluster/member/list' % port, data=b'{}')
        with opener.open(request, timeout=REQUEST_SECONDS) as answer:
            found = json.load(answer)
    except (URLError, OSError, ValueError):
        return {'cluster_id': None, 'members': []}
    return {
        'cluster_id': found['header']['cluster_id'],
        'members': [{'name': one.get('name', ''), 'peer_urls': one.get('peerURLs', [])} for one in found['members']],
    }


def etcd(pki, port):
    data = os.path.isdir(ETCD_DATA)
    return dict(member(pki, port) if data else {'cluster_id': None, 'members': []}, data=data)


def found(patterns):
    return sorted(path for pattern in patterns for path in glob.glob(pattern))


def traces(params):
    texts = {name: read(path) for name, path in params['authorities'].items()}
    flags = {name: flag(*where) for name, where in params['units'].items()}
    directory = params['cni_directory']
    return {
        'record': read_json(params['record']),
        'etcd_record': read_json(params['etcd_record']),
        'authorities': {name: text for name, text in texts.items() if text is not None},
        'flags': {name: value for name, value in flags.items() if value is not None},
        'etcd': etcd(params['etcd_pki'], params['etcd_client_port']),
        'cni': sorted(name for name in (os.listdir(directory) if os.path.isdir(directory) else [])
                      if name.endswith(CNI_SUFFIXES)),
        'others': found(OTHERS),
        'ports': sorted(listening(read('/proc/net/tcp') or '') | listening(read('/proc/net/tcp6') or '')),
        'containers': found(CONTAINERS),
    }


def main():
    module = AnsibleModule(
        argument_spec={
            'record': {'type': 'path', 'required': True}, 'etcd_record': {'type': 'path', 'required': True},
            'authorities': {'type': 'dict', 'required': True}, 'units': {'type': 'dict', 'required': True},
            'etcd_pki': {'type': 'path', 'required': True}, 'etcd_client_port': {'type': 'int', 'required': True},
            'cni_directory': {'type': 'path', 'required': True},
        },
        supports_check_mode=True,
    )
    module.exit_json(changed=False, ansible_facts={'cluster_traces': traces(module.params)})


if __name__ == '__main__':
    main()
