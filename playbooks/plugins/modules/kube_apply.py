#!/usr/bin/python
# -*- coding: utf-8 -*-
"""Applies objects server-side and waits for what they lead to, over one connection and without kubectl's start-up."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: kube_apply
short_description: Apply Kubernetes objects server-side, and wait for named conditions
description:
  - Sends each object of I(objects) as a server-side apply, as C(kubectl apply --server-side --force-conflicts) does.
  - An object counts as changed when what it says has changed, so bookkeeping (managed fields, resource version,
    status) does not. In check mode the API server decides with a dry run.
  - Then waits for every entry of I(waits). A wait that runs out fails, and says what each object lacked.
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
  field_manager: {description: Owner of the applied fields., type: str, default: proofgrid}
  secrets:
    description: Secrets to apply before the objects. Their data is in no result and no log.
    type: list
    elements: dict
    default: []
    suboptions:
      namespace: {description: Where the Secret lies., type: str, required: true}
      name: {description: Its name., type: str, required: true}
      type: {description: Its type., type: str, default: Opaque}
      data: {description: Keys to values in base64., type: dict, required: true}
  objects: {description: Objects to apply, in this order., type: list, elements: raw, default: []}
  additions:
    description: >-
      Objects that others own too (Nodes): made when missing, with their status, else given the keys, values and list
      items that they lack. Nothing is ever taken from them, and the status of a living object is not touched.
    type: list
    elements: dict
    default: []
  workload_limit_seconds:
    description: >-
      Longest wait for each Deployment, DaemonSet, StatefulSet and Job of I(objects) to be rolled out; 0 does not wait.
    type: int
    default: 0
  waits:
    description: What must hold before the task ends.
    type: list
    elements: dict
    default: []
    suboptions:
      name: {description: What is waited for., type: str, required: true}
      api_version: {description: Of the objects., type: str, default: v1}
      kind: {description: Of the objects., type: str, required: true}
      namespace: {description: Of the objects; empty for those outside of namespaces., type: str, default: ''}
      names: {description: Names of the objects., type: list, elements: str, required: true}
      until:
        description: >-
          ready (condition Ready); established (a CustomResourceDefinition); rolled-out (a Deployment, DaemonSet,
          StatefulSet or Job).
        type: str
        choices: [ready, established, rolled-out]
        required: true
      limit_seconds: {description: Longest wait., type: int, required: true}
attributes:
  check_mode: {support: full, details: Nothing is waited for in check mode.}
author: Proofgrid
"""

EXAMPLES = r"""
- name: Apply the add-on
  kube_apply:
    admin: "{{ admin_client }}"
    objects: "{{ lookup('ansible.builtin.file', path, rstrip=false) | from_yaml_all | list }}"
    workload_limit_seconds: 120
"""

RETURN = r"""
changed_objects: {description: Kind and name of what was changed., type: list, elements: str, returned: always}
waited_seconds:
  description: For each wait by its name the seconds until it held.
  type: dict
  returned: always
"""

import copy
import http.client
import time
import urllib.parse

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.kubernetes_api import ADMIN_OPTIONS, DISCOVERY_LIMIT_SECONDS, POLL_SECONDS, Api, ApiError

WORKLOADS = ('Deployment', 'DaemonSet', 'StatefulSet', 'Job')
BOOKKEEPING = ('managedFields', 'resourceVersion', 'generation', 'creationTimestamp', 'uid', 'selfLink')


def without_bookkeeping(thing):
    if thing is None:
        return None
    kept = {key: value for key, value in thing.items() if key != 'status'}
    kept['metadata'] = {key: value for key, value in thing['metadata'].items() if key not in BOOKKEEPING}
    return kept


def title(thing):
    namespace = thing['metadata'].get('namespace')
    return '%s %s%s' % (thing['kind'], namespace + '/' if namespace else '', thing['metadata']['name'])


def path_of(api, thing):
    metadata = thing['metadata']
    return api.path(thing['apiVersion'], thing['kind'], metadata.get('namespace'), metadata['name'])


def apply(api, thing, manager, check):
    """Returns whether the object changed, or would."""
    path = path_of(api, thing)
    before = api.get(path)
    query = {'fieldManager': manager, 'force': 'true'}
    if check:
        query['dryRun'] = 'All'
    after = api.request('PATCH', path + '?' + urllib.parse.urlencode(query), thing, 'application/apply-patch+yaml')
    return without_bookkeeping(before) != without_bookkeeping(after)


def added(live, wanted):
    """What is live, with the keys, values and list items of what is wanted."""
    if isinstance(live, dict) and isinstance(wanted, dict):
        return dict(live, **{key: added(live.get(key), value) for key, value in wanted.items()})
    if isinstance(live, list) and isinstance(wanted, list):
        return live + [item for item in wanted if item not in live]
    return wanted


def add(api, thing, manager, check):
    """Returns whether the object was made or lacked something. The resource version makes a lost race an error."""
    path = path_of(api, thing)
    query = '?' + urllib.parse.urlencode(dict({'fieldManager': manager}, **({'dryRun': 'All'} if check else {})))
    live = api.get(path)
    if live is None:
        api.request('POST', path.rpartition('/')[0] + query, thing)
        return True
    wanted = added(live, thing)
    kept = [key for key in thing if key not in ('apiVersion', 'kind', 'metadata', 'status')]
    if all(wanted[key] == live.get(key) for key in kept + ['metadata']):
        return False
    patch = {key: wanted[key] for key in kept}
    patch['metadata'] = {key: wanted['metadata'][key] for key in thing['metadata'] if key != 'name'}
    patch['metadata']['resourceVersion'] = live['metadata']['resourceVersion']
    try:
        api.request('PATCH', path + query, patch, 'application/merge-patch+json')
    except ApiError as error:
        if error.status != 409:
            raise
        return add(api, thing, manager, check)
    return True


def condition(thing, kind):
    """None when the condition is True, else what it says."""
    for entry in thing.get('status', {}).get('conditions') or []:
        if entry['type'] == kind:
            return None if entry['status'] == 'True' else '%s is %s: %s' % (kind, entry['status'], entry.get('message', ''))
    return 'no condition %s yet' % kind


def rolled_out(thing):
    spec, status = thing.get('spec', {}), thing.get('status', {})
    if thing['kind'] == 'Job':
        return condition(thing, 'Complete')
    if status.get('observedGeneration', 0) < thing['metadata'].get('generation', 0):
        return 'its controller has not seen the change yet'
    if thing['kind'] == 'DaemonSet':
        wanted, updated, available = (status.get(key, 0) for key in (
            'desiredNumberScheduled', 'updatedNumberScheduled', 'numberAvailable'))
    else:
        wanted, updated = spec.get('replicas', 1), status.get('updatedReplicas', 0)
        available = status.get('availableReplicas', status.get('readyReplicas', 0))
        if status.get('replicas', 0) > wanted:
            return '%d replicas of an older revision remain' % (status['replicas'] - wanted)
    if min(updated, available) >= wanted:
        return None
    return '%d of %d updated, %d available' % (updated, wanted, available)


# Each returns None when it holds, else what is lacking.
UNTIL = {
    'ready': lambda thing: condition(thing, 'Ready'),
    'established': lambda thing: condition(thing, 'Established'),
    'rolled-out': rolled_out,
}


def lacking(api, wait):
    """What each object still lacks, by name."""
    missing = {}
    for name in wait['names']:
        thing = api.get(api.path(wait['api_version'], wait['kind'], wait['namespace'], name), retry_seconds=0)
        complaint = 'does not exist' if thing is None else UNTIL[wait['until']](thing)
        if complaint:
            missing[name] = complaint
    return missing


def wait_for(api, wait):
    """Returns the seconds until it held; raises ValueError at its limit."""
    begin = time.time()
    while True:
        try:
            missing = lacking(api, wait)
        except (OSError, http.client.HTTPException, ApiError) as error:
            if isinstance(error, ApiError) and error.status < 500:
                raise
            # An API server behind the endpoint may leave while we wait; the limit still holds.
            missing = {api.server: str(error)}
            api.connection.close()
        seconds = round(time.time() - begin, 2)
        if not missing:
            return seconds
        if seconds > wait['limit_seconds']:
            raise ValueError('%s: not within %d s: %s. Look at the events of these objects and the evidence of their nodes' % (
                wait['name'], wait['limit_seconds'],
                '; '.join('%s %s: %s' % (wait['kind'], name, what) for name, what in sorted(missing.items()))))
        time.sleep(POLL_SECONDS)


def wait_of(thing, until, limit_seconds):
    return {
        'name': '%s is %s' % (title(thing), until), 'api_version': thing['apiVersion'], 'kind': thing['kind'],
        'namespace': thing['metadata'].get('namespace', ''), 'names': [thing['metadata']['name']],
        'until': until, 'limit_seconds': limit_seconds,
    }


def flat(objects):
    """Lists inside a manifest are unfolded, and empty documents left out."""
    for thing in objects:
        if not thing:
            continue
        if thing['kind'] == 'List':
            for item in flat(thing['items']):
                yield item
        else:
            yield with_keys(copy.deepcopy(thing))


def with_keys(thing):
    """Ports are a list keyed by protocol too, whose default the schema of 1.20 forgot, so an apply without it fails."""
    if thing['kind'] == 'Service':
        for port in thing.get('spec', {}).get('ports') or []:
            port.setdefault('protocol', 'TCP')
    return thing


def secret_object(secret):
    return {
        'apiVersion': 'v1', 'kind': 'Secret', 'type': secret['type'], 'data': secret['data'],
        'metadata': {'name': secret['name'], 'namespace': secret['namespace']},
    }


def run(module, api):
    params, check = module.params, module.check_mode
    changed, waits = [], {}
    for thing in params['additions']:
        if add(api, thing, params['field_manager'], check):
            changed.append(title(thing))
    objects = [secret_object(secret) for secret in params['secrets']] + list(flat(params['objects']))
    for thing in objects:
        try:
            if apply(api, thing, params['field_manager'], check):
                changed.append(title(thing))
        except ApiError as error:
            raise ValueError('the API server refused %s with %d: %s' % (title(thing), error.status, error))
        if thing['kind'] == 'CustomResourceDefinition' and not check:
            wait_for(api, wait_of(thing, 'established', DISCOVERY_LIMIT_SECONDS))
    wanted = list(params['waits'])
    if params['workload_limit_seconds']:
        wanted += [wait_of(thing, 'rolled-out', params['workload_limit_seconds'])
                   for thing in objects if thing['kind'] in WORKLOADS]
    for wait in [] if check else wanted:
        waits[wait['name']] = wait_for(api, wait)
    return {'changed': bool(changed), 'changed_objects': changed, 'waited_seconds': waits}


def main():
    module = AnsibleModule(
        argument_spec={
            'admin': {'type': 'dict', 'required': True, 'options': ADMIN_OPTIONS},
            'field_manager': {'type': 'str', 'default': 'proofgrid'},
            'secrets': {
                'type': 'list', 'elements': 'dict', 'default': [],
                'options': {
                    'namespace': {'type': 'str', 'required': True},
                    'name': {'type': 'str', 'required': True},
                    'type': {'type': 'str', 'default': 'Opaque'},
                    'data': {'type': 'dict', 'required': True, 'no_log': True},
                },
            },
            'objects': {'type': 'list', 'elements': 'raw', 'default': []},
            'additions': {'type': 'list', 'elements': 'dict', 'default': []},
            'workload_limit_seconds': {'type': 'int', 'default': 0},
            'waits': {
                'type': 'list', 'elements': 'dict', 'default': [],
                'options': {
                    'name': {'type': 'str', 'required': True},
                    'api_version': {'type': 'str', 'default': 'v1'},
                    'kind': {'type': 'str', 'required': True},
                    'namespace': {'type': 'str', 'default': ''},
                    'names': {'type': 'list', 'elements': 'str', 'required': True},
                    'until': {'type': 'str', 'choices': sorted(UNTIL), 'required': True},
                    'limit_seconds': {'type': 'int', 'required': True},
                },
            },
        },
        supports_check_mode=True,
    )
    try:
        result = run(module, Api(module.params['admin']))
    except (ApiError, OSError, ValueError, KeyError, StopIteration, http.client.HTTPException) as error:
        module.fail_json(msg='%s: %s' % (type(error).__name__, error))
    module.exit_json(**result)


if __name__ == '__main__':
    main()
