#!/usr/bin/python
# -*- coding: utf-8 -*-
"""Proves that a cluster is what its document says, and says what it is where it is not."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: verify_cluster
short_description: Verify the deployed state of a whole cluster from one of its machines
description:
  - Runs every check until all hold in the same round, or until the limit; then fails with the expected and the observed
    state of each check that does not hold. Changes nothing.
  - The API endpoint is asked from the machine, and from the controller too, with the credentials of I(endpoint), unless
    no way leads from there.
options:
  admin:
    description: Where the API is, and an administrator's credentials in PEM. No machine keeps them.
    type: dict
    required: true
    suboptions:
      server: {description: URL of an API server., type: str, required: true}
      ca: {description: Authority., type: str, required: true}
      certificate: {description: Client certificate., type: str, required: true}
      key: {description: Client key., type: str, required: true}
  version: {description: Version of every API server and kubelet without the leading v., type: str, required: true}
  nodes: {description: 'Name of every node to its pod network, or to one of each family with a comma between them.', type: dict, required: true}
  runtime: {description: 'What nodes report as their runtime, up to where it is pinned (containerd://).', type: str, required: true}
  api_servers: {description: Name to URL of every API server., type: dict, required: true}
  etcd:
    description: The etcd cluster.
    type: dict
    required: true
    suboptions:
      version: {description: Version of every member., type: str, required: true}
      members: {description: Name to client URL., type: dict, required: true}
      ca: {description: Authority of the members., type: path, required: true}
      certificate: {description: Client certificate., type: path, required: true}
      key: {description: Client key., type: path, required: true}
  endpoint:
    description: The API endpoint, and files on the controller.
    type: dict
    suboptions:
      url: {description: URL., type: str, required: true}
      ca: {description: Authority., type: path, required: true}
      certificate: {description: Client certificate., type: path, required: true}
      key: {description: Client key., type: path, required: true}
      from_controller: {description: Whether a way leads from the controller to it., type: bool, default: true}
  limit_seconds: {description: Limit of the whole verification., type: int, default: 60}
attributes:
  check_mode: {support: full}
author: Proofgrid
"""

EXAMPLES = r"""
- name: Verify the cluster
  verify_cluster:
    admin: "{{ admin_client }}"
    version: 1.34.1
    nodes: {m1: 10.244.0.0/24}
    runtime: containerd://
    api_servers: {m1: 'https://192.0.2.1:6443'}
    etcd:
      version: 3.5.16
      members: {m1: 'https://192.0.2.1:2379'}
      ca: /etc/kubernetes/pki/etcd-ca.crt
      certificate: /etc/kubernetes/pki/apiserver-etcd-client.crt
      key: /etc/kubernetes/pki/apiserver-etcd-client.key
"""

RETURN = r"""
checks:
  description: Each check with its name, what was expected and what was observed.
  type: list
  elements: dict
  returned: always
waited_seconds: {description: Until all checks held., type: float, returned: success}
"""

import calendar
import json
import ssl
import time

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.kubernetes_api import ADMIN_OPTIONS, tls_of

try:
    from urllib.error import HTTPError
    from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener
except ImportError:  # only for linters on Python 2
    pass

POLL_SECONDS = 0.3
REQUEST_SECONDS = 10
LEASES = ('kube-controller-manager', 'kube-scheduler')


class Client(object):
    """Requests with a client certificate. A failed request answers with a text that says how it failed."""

    def __init__(self, context):
        self.opener = build_opener(ProxyHandler({}), HTTPSHandler(context=context))

    def text(self, url, body=None):
        """Returns (status, text); status 0 when there was no answer."""
        data = None if body is None else json.dumps(body).encode()
        try:
            with self.opener.open(Request(url, data=data), timeout=REQUEST_SECONDS) as answer:
                return answer.status, answer.read().decode('utf-8', 'replace')
        except HTTPError as error:
            return error.code, error.read(500).decode('utf-8', 'replace')
        except (OSError, ValueError) as error:
            return 0, str(error)

    def json(self, url, body=None):
        """The decoded answer; raises ValueError with what came instead."""
        status, text = self.text(url, body)
        if status != 200:
            raise ValueError('%s from %s: %s' % (status or 'no answer', url, ' '.join(text.split())[:200]))
        return json.loads(text)


def tls_from_files(credentials):
    context = ssl.create_default_context(cafile=credentials['ca'])
    context.load_cert_chain(credentials['certificate'], credentials['key'])
    return context


def check(name, expected, observed):
    return {'name': name, 'expected': expected, 'observed': observed}


def guarded(name, expected, observe):
    """A check whose observation may fail; then how it failed is what was observed."""
    try:
        return check(name, expected, observe())
    except (ValueError, KeyError) as error:
        return check(name, expected, '%s: %s' % (type(error).__name__, error) if isinstance(error, KeyError) else str(error))


def ready_text(client, url):
    status, text = client.text(url + '/readyz')
    return 'ready' if status == 200 else '%s: %s' % (status or 'no answer', ' '.join(text.split())[:200])


def condition(node, kind):
    found = [each for each in node['status'].get('conditions', []) if each['type'] == kind]
    return found[0] if found else {'status': 'absent', 'message': ''}


def describe_node(node, runtime):
    """Version, readiness, runtime and pod network of a node in one comparable text."""
    ready, info = condition(node, 'Ready'), node['status']['nodeInfo']
    engine = info['containerRuntimeVersion']
    return 'kubelet %s, %s, runtime %s, %s' % (
        info['kubeletVersion'],
        'Ready' if ready['status'] == 'True' else 'not Ready: %s' % ready.get('message', ''),
        runtime if engine.startswith(runtime) else engine,
        'pods in %s' % (','.join(node['spec'].get('podCIDRs', [])) or 'no network'))


def check_nodes(client, server, params):
    expected = dict((name, 'kubelet v%s, Ready, runtime %s, pods in %s' % (params['version'], params['runtime'], network))
                    for name, network in params['nodes'].items())

    def observe():
        nodes = client.json(server + '/api/v1/nodes')['items']
        return dict((node['metadata']['name'], describe_node(node, params['runtime'])) for node in nodes)

    return guarded('nodes', expected, observe)


def check_api_servers(client, params):
    expected = dict((name, 'ready, v%s' % params['version']) for name in params['api_servers'])

    def observe_one(url):
        return '%s, %s' % (ready_text(client, url), client.json(url + '/version')['gitVersion'])

    observed = dict((name, guarded(name, None, lambda url=url: observe_one(url))['observed'])
                    for name, url in params['api_servers'].items())
    return check('API servers', expected, observed)


def seconds_since(stamp):
    """Age of an RFC 3339 time in UTC with microseconds."""
    return time.time() - calendar.timegm(time.strptime(stamp.split('.')[0].rstrip('Z'), '%Y-%m-%dT%H:%M:%S'))


def check_leases(client, server):
    def observe_one(name):
        spec = client.json('%s/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/%s' % (server, name))['spec']
        if not spec.get('holderIdentity'):
            return 'nobody holds it'
        age = seconds_since(spec['renewTime'])
        return 'held' if age < spec['leaseDurationSeconds'] else 'not renewed for %d s' % age

    observed = dict((name, guarded(name, None, lambda name=name: observe_one(name))['observed']) for name in LEASES)
    return check('leader leases', dict((name, 'held') for name in LEASES), observed)


def check_etcd(etcd):
    client = Client(tls_from_files(etcd))
    expected = dict((name, 'healthy, %s' % etcd['version']) for name in etcd['members'])

    def observe():
        urls = dict(etcd['members'])
        listed = client.json(sorted(urls.values())[0] + '/v3/cluster/member/list', {})['members']
        for member in listed:
            urls.setdefault(member.get('name') or 'unstarted %s' % member['ID'], (member.get('clientURLs') or [''])[0])
        return dict((name, observe_member(client, name, url, listed)) for name, url in urls.items())

    return guarded('etcd members', expected, observe)


def observe_member(client, name, url, listed):
    if name not in [member.get('name') for member in listed]:
        return 'no member of the cluster'
    try:
        health = client.json(url + '/health').get('health')
        status = client.json(url + '/v3/maintenance/status', {})
    except ValueError as error:
        return str(error)
    if health != 'true':
        return 'unhealthy'
    return '%s, %s' % ('healthy' if int(status.get('leader', 0)) else 'without a leader', status['version'])


def check_controllers(client, server):
    """What only a working controller manager makes."""
    def observe():
        account = client.json(server + '/api/v1/namespaces/kube-system/serviceaccounts/default')
        return account['metadata']['name']
    return guarded('service account kube-system/default', 'default', observe)


def check_service(client, server, params):
    """The API servers behind the service kubernetes; each adds itself."""
    def observe():
        subsets = client.json(server + '/api/v1/namespaces/default/endpoints/kubernetes').get('subsets', [])
        return sum(len(subset.get('addresses', [])) for subset in subsets)
    return guarded('endpoints of the service kubernetes', len(params['api_servers']), observe)


def check_workloads(client, server):
    """Deployments and DaemonSets of kube-system that miss pods; the add-ons live there."""
    def observe():
        base, missing = server + '/apis/apps/v1/namespaces/kube-system/', []
        for item in client.json(base + 'deployments')['items']:
            wanted, have = item['spec'].get('replicas', 1), item['status'].get('availableReplicas', 0)
            missing += ['%s: %s of %s' % (item['metadata']['name'], have, wanted)] if have < wanted else []
        for item in client.json(base + 'daemonsets')['items']:
            wanted, have = item['status'].get('desiredNumberScheduled', 0), item['status'].get('numberAvailable', 0)
            missing += ['%s: %s of %s' % (item['metadata']['name'], have, wanted)] if have < wanted else []
        return missing
    return guarded('workloads of kube-system without all pods', [], observe)


def check_endpoint(client, endpoint):
    return check('API endpoint', 'ready', ready_text(client, endpoint['url']))


def all_checks(params):
    client, server = Client(tls_of(params['admin'])), params['admin']['server']
    return [check_endpoint(client, params['endpoint'])] * bool(params['endpoint']) + [check_etcd(params['etcd']), check_api_servers(client, params), check_nodes(client, server, params),
            check_leases(client, server), check_controllers(client, server), check_service(client, server, params),
            check_workloads(client, server)]


def failures(checks):
    """One line for each check that does not hold; of mappings only the keys that differ."""
    lines = []
    for each in checks:
        expected, observed = each['expected'], each['observed']
        if expected == observed:
            continue
        if not (isinstance(expected, dict) and isinstance(observed, dict)):
            lines.append('%s: expected %s, observed %s' % (each['name'], expected, observed))
            continue
        for key in sorted(set(expected) | set(observed)):
            if expected.get(key) != observed.get(key):
                lines.append('%s: %s: expected %s, observed %s' % (
                    each['name'], key, expected.get(key, 'nothing'), observed.get(key, 'nothing')))
    return lines


def main():
    word, path = {'type': 'str', 'required': True}, {'type': 'path', 'required': True}
    credentials = {'ca': path, 'certificate': path, 'key': dict(path, no_log=False)}
    module = AnsibleModule(
        argument_spec={
            'admin': {'type': 'dict', 'required': True, 'options': ADMIN_OPTIONS},
            'version': word,
            'nodes': {'type': 'dict', 'required': True},
            'runtime': word,
            'api_servers': {'type': 'dict', 'required': True},
            'etcd': {'type': 'dict', 'required': True, 'options': dict(
                credentials, version=word, members={'type': 'dict', 'required': True})},
            'endpoint': {'type': 'dict', 'options': dict(
                credentials, url=word, from_controller={'type': 'bool', 'default': True})},
            'limit_seconds': {'type': 'int', 'default': 60},
        },
        supports_check_mode=True,
    )
    began = time.time()
    while True:
        try:
            checks = all_checks(module.params)
        except (OSError, ValueError, KeyError) as error:
            module.fail_json(msg='the credentials cannot be read: %s' % error)
        lines = failures(checks)
        spent = time.time() - began
        if not lines:
            module.exit_json(changed=False, checks=checks, waited_seconds=round(spent, 2))
        if spent > module.params['limit_seconds']:
            module.fail_json(checks=checks, msg='the cluster is not what it should be after %d s:\n%s' % (
                spent, '\n'.join(lines)))
        time.sleep(POLL_SECONDS)


if __name__ == '__main__':
    main()
