"""The module cluster_guard, on the controller: its options are documented in plugins/modules/cluster_guard.py."""
import hashlib
import ipaddress
import json
import os
import tempfile
import uuid

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID

STATE_FILE = 'cluster.json'
# The common name of each authority is the cluster's name and this: roles/pki/vars/main.yml.
SUFFIXES = {'ca': ' kubernetes', 'etcd-ca': ' etcd'}
NO_OPERATION = 'there is no operation for this change yet'


def fingerprint(key):
    """SHA-256 of a public key, which stays when an authority's certificate is issued again."""
    return hashlib.sha256(key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def authority(pem):
    """{key, name} of a certificate; nothing where it is not one."""
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return {'key': fingerprint(certificate.public_key()), 'name': names[0].value if names else ''}
    except ValueError:
        return None


def networks(text):
    """A list of networks with commas, comparable however IPv6 is written; any other text as it is."""
    try:
        return [ipaddress.ip_network(one.strip()) for one in text.split(',')]
    except ValueError:
        return text


class Situation(object):
    """What the document asks for, what the state directory keeps and what the machines hold."""

    def __init__(self, document, state, traces, removal_id=None):
        self.document, self.state, self.traces = document, state, traces
        self.wanted = {machine['name']: machine for machine in document['machines']}
        self.places = {machine['name']: index for index, machine in enumerate(document['machines'])}
        self.found = {name: {one: authority(pem) for one, pem in trace['authorities'].items()}
                      for name, trace in traces.items()}
        self.id = removal_id or state['id'] or self.adopted()

    def foreign_keys(self, name):
        """Authorities on a machine that are not those of the state directory."""
        return [one for one, held in sorted(self.found[name].items())
                if held is not None and held['key'] != self.state['authorities'].get(one)]

    def adopted(self):
        """The id on machines whose authorities are ours: a state directory may have lost its own."""
        ids = {trace['record'].get('id') for name, trace in self.traces.items()
               if trace['record'] and any(self.found[name].values()) and not self.foreign_keys(name)}
        return ids.pop() if len(ids) == 1 else None

    def owner(self, name):
        """Whose cluster a machine holds: 'ours', 'other', or 'none'."""
        record = self.traces[name]['record']
        if record is not None:
            return 'ours' if record.get('id') is not None and record.get('id') == self.id else 'other'
        if not any(self.found[name].values()):
            return 'none'
        return 'other' if self.foreign_keys(name) else 'ours'

    def ours(self):
        return [name for name in self.traces if self.owner(name) == 'ours']

    def records(self):
        """(machine, its record) of each machine of ours that has one."""
        return [(name, self.traces[name]['record']) for name in self.ours() if self.traces[name]['record']]

    def living(self):
        """Whether there is anything to destroy: before the first authority is placed all of the document may change."""
        return any(self.traces[name]['etcd']['data'] or self.traces[name]['etcd_record'] or any(self.found[name].values())
                   for name in self.ours())

    def field(self, machine, *more):
        return ['spec', 'machines'] + ([self.places[machine]] if machine in self.places else []) + list(more)


def refusal(code, what, remedy, field=None):
    return {'code': code, 'what': what, 'remedy': remedy, 'field': field or []}


def other_clusters(case):
    """A machine of another cluster, or a state directory that is not the one of this."""
    for name, trace in case.traces.items():
        if case.owner(name) == 'other' and trace['record'] is not None:
            held = trace['record']
            yield refusal(
                'CLUSTER_OTHER', '%s holds the cluster %s with the id %s, and the state directory %s has %s' % (
                    name, held.get('name', '(unreadable record)'), held.get('id', '(none)'), case.state['directory'],
                    'the id ' + case.id if case.id else 'none'),
                'name the state directory of that cluster, or remove it with reset and that directory', case.field(name))
        elif case.owner(name) != 'none' and case.foreign_keys(name):
            yield refusal(
                'CLUSTER_OTHER_AUTHORITY', '%s holds a cluster whose authority (%s) is not the one of the state directory %s%s' % (
                    name, ', '.join(case.foreign_keys(name)), case.state['directory'],
                    '' if case.state['authorities'] else ', which has none'),
                'name the state directory of that cluster, or remove it with reset and that directory', case.field(name))


def foreign_traces(case):
    """What another installer left, or still runs, on a machine that holds no cluster of ours."""
    for name, trace in case.traces.items():
        if case.owner(name) != 'none' or name not in case.wanted:
            continue
        signs = trace['others'] + (['data of etcd in /var/lib/etcd'] if trace['etcd']['data'] else [])
        signs += ['a program that listens on port %d' % port for port in case.wanted[name]['ports'] if port in trace['ports']]
        if signs:
            yield refusal('CLUSTER_UNKNOWN', '%s holds a cluster that is not ours: %s' % (name, ', '.join(signs[:5])),
                          'remove it with what installed it, or take another machine', case.field(name))
        if trace['containers']:
            yield refusal('MACHINE_IN_USE', '%s has %d containers already, as %s' % (
                name, len(trace['containers']), trace['containers'][0]),
                'remove them: the container engine of a machine is its cluster\'s alone', case.field(name))


def fixed(case, key, document_value, field, code):
    """A fact of the whole cluster that stays as long as it lives."""
    for name in case.ours():
        trace = case.traces[name]
        said = [(trace['record'] or {}).get(key), trace['flags'].get(key)]
        if key == 'name':
            said += [held['name'][:-len(SUFFIXES[one])] for one, held in case.found[name].items()
                     if held and one in SUFFIXES and held['name'].endswith(SUFFIXES[one])]
        for value in said:
            if value is not None and networks(value) != networks(document_value):
                yield refusal(code, '%s was deployed with %s, the document has %s' % (name, value, document_value),
                              'write %s: %s' % (value, NO_OPERATION), field)
                break


def other_name(case):
    return fixed(case, 'name', case.document['name'], ['metadata', 'name'], 'CLUSTER_NAME_FIXED')


def other_service_network(case):
    return fixed(case, 'service_cidr', case.document['service_cidr'], ['spec', 'network', 'serviceCIDR'],
                 'CLUSTER_NETWORK_FIXED')


def other_pod_network(case):
    return fixed(case, 'pod_cidr', case.document['pod_cidr'], ['spec', 'network', 'podCIDR'], 'CLUSTER_NETWORK_FIXED')


def renamed_machines(case):
    for name, record in case.records():
        if record.get('machine') != name:
            yield refusal('MACHINE_NAME_FIXED', '%s was deployed as %s' % (name, record.get('machine')),
                          'give each machine its own name again in the inventory and here: ' + NO_OPERATION,
                          case.field(name, 'name'))


def other_machines(case):
    """Workers may come; everything else that comes, goes or changes its roles needs an operation of its own."""
    known = {}
    for _, record in case.records():
        known.update(record.get('machines', {}))
    for name, roles in known.items():
        if name not in case.wanted:
            yield refusal('MACHINE_REMOVED', 'the cluster has a machine %s (%s), and the document has not' % (name, ', '.join(roles)),
                          'keep it: ' + NO_OPERATION, case.field(name))
        elif sorted(roles) != sorted(case.wanted[name]['roles']):
            yield refusal('MACHINE_ROLES_FIXED', '%s was deployed as %s, the document has %s' % (
                name, ', '.join(roles), ', '.join(case.wanted[name]['roles'])),
                'keep its roles: ' + NO_OPERATION, case.field(name, 'roles'))
    for name, machine in case.wanted.items():
        if known and name not in known and machine['roles'] != ['worker']:
            yield refusal('MACHINE_ADDED', '%s is new in a living cluster, with the roles %s' % (name, ', '.join(machine['roles'])),
                          'only workers can be added: ' + NO_OPERATION, case.field(name, 'roles'))


def etcd_members(case):
    """What the members themselves say; a stopped one says nothing."""
    wanted = sorted(machine['peer_url'] for machine in case.wanted.values() if 'etcd' in machine['roles'])
    for name in case.ours():
        etcd, kept = case.traces[name]['etcd'], case.traces[name]['etcd_record'] or {}
        members = sorted(url for member in etcd['members'] for url in member['peer_urls'])
        if members and members != wanted:
            yield refusal('ETCD_MEMBERS_FIXED', 'the etcd cluster of %s has the members %s, the document has %s' % (
                name, ', '.join(members), ', '.join(wanted)), 'keep the members: ' + NO_OPERATION, case.field(None))
        if kept and not etcd['data']:
            yield refusal('ETCD_DATA_MISSING', '%s is a member of the etcd cluster %s, and /var/lib/etcd is empty' % (
                name, kept.get('cluster_id')),
                'mount or restore its data: an empty member would start a cluster of its own', case.field(name))
        if kept and etcd['cluster_id'] and etcd['cluster_id'] != kept.get('cluster_id'):
            yield refusal('ETCD_CLUSTER_OTHER', '%s was deployed into the etcd cluster %s and runs in %s' % (
                name, kept.get('cluster_id'), etcd['cluster_id']), 'restore its own data', case.field(name))
    ids = {name: case.traces[name]['etcd']['cluster_id'] for name in case.ours() if case.traces[name]['etcd']['cluster_id']}
    if len(set(ids.values())) > 1:
        yield refusal('ETCD_SPLIT', 'the members run in different etcd clusters: %s' % (
            ', '.join('%s in %s' % pair for pair in sorted(ids.items()))),
            'keep the members of one cluster, and stop and empty the others', case.field(None))


def earlier_networks(case):
    """The engine takes the first file by name, so what comes before ours would be every pod's network."""
    own = case.document['cni_file']
    for name, trace in case.traces.items():
        if not {'worker', 'control-plane'} & set(case.wanted.get(name, {}).get('roles', [])):
            continue
        # A manifest's own file has a name that nobody knows, so only a machine that has run it yet may have files.
        before = [file for file in trace['cni'] if (file < own if own else case.owner(name) == 'none')]
        if before:
            yield refusal('CNI_FOREIGN', '%s has %s in %s, which the container engine would use instead of %s' % (
                name, ', '.join(before), case.document['cni_directory'], own or 'the network of the manifest'),
                'remove them, with the network that they belong to', ['spec', 'network', 'plugin'])


# Whose the machines are comes first: what follows would compare clusters that have nothing to do with each other.
IDENTITY = (other_clusters, foreign_traces)
LIVING = (other_name, other_service_network, other_pod_network, renamed_machines, other_machines, etcd_members)
ALWAYS = (earlier_networks,)


def judge(case):
    """Why the document must not be deployed on the machines; the same reason once, however many machines give it."""
    refused = [one for rule in IDENTITY for one in rule(case)]
    if not refused:
        rules = (LIVING if case.living() else ()) + ALWAYS
        refused = [one for rule in rules for one in rule(case)]
    first = {}
    for one in refused:
        first.setdefault(json.dumps([one['code'], one['field'], one['remedy']]), one)
    return list(first.values())


def judge_removal(case):
    """Why a machine must not be reset: it holds another cluster. One that holds none is left alone."""
    for name in case.traces:
        if case.owner(name) == 'other':
            held = case.traces[name]['record'] or {}
            yield refusal(
                'CLUSTER_OTHER', '%s holds the cluster %s with the id %s, which is not that of the state directory %s' % (
                    name, held.get('name', '(no record)'), held.get('id', '(no record)'), case.state['directory']),
                'name its state directory, or its id with --cluster-id', case.field(name))


def text_of(one):
    path = ''.join('[%d]' % part if isinstance(part, int) else '.' + part for part in one['field']).lstrip('.')
    return '%s%s; %s [%s]' % (path + ': ' if path else '', one['what'], one['remedy'], one['code'])


def record_of(case, name, cluster_id):
    """What a machine is told of its cluster. What it held before, and all engines that it has run, stay in it."""
    trace, document = case.traces[name], case.document
    before = trace['record'] or {}
    return {
        'id': cluster_id, 'name': document['name'], 'machine': name,
        'service_cidr': document['service_cidr'], 'pod_cidr': document['pod_cidr'],
        'machines': {each: machine['roles'] for each, machine in sorted(case.wanted.items())},
        'cni_before': before.get('cni_before', trace['cni'] if case.owner(name) == 'none' else []),
        'engines': sorted(set(before.get('engines', [])) | {document['engine']}),
    }


def read_state(directory):
    def read(name):
        try:
            with open(os.path.join(directory, name), 'rb') as stream:
                return stream.read()
        except FileNotFoundError:
            return None

    authorities = {}
    for name in ('ca', 'etcd-ca', 'front-proxy-ca'):
        key = read('pki/%s.key' % name)
        if key is not None:
            authorities[name] = fingerprint(serialization.load_pem_private_key(key, password=None).public_key())
    kept = read(STATE_FILE)
    return {'directory': directory, 'id': json.loads(kept)['id'] if kept else None, 'authorities': authorities}


def keep_id(directory, cluster_id):
    handle, temporary = tempfile.mkstemp(dir=directory, prefix='.new-')
    try:
        with os.fdopen(handle, 'w') as stream:
            stream.write(json.dumps({'id': cluster_id}) + '\n')
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, os.path.join(directory, STATE_FILE))
    except BaseException:
        os.unlink(temporary)
        raise


ARGUMENTS = {
    'document': {'type': 'dict', 'required': True},
    'state_directory': {'type': 'path', 'required': True},
    'traces': {'type': 'dict', 'required': True},
    'purpose': {'type': 'str', 'choices': ['judge', 'claim', 'remove'], 'required': True},
    'cluster_id': {'type': 'str'},
}


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        _, params = self.validate_argument_spec(ARGUMENTS)
        try:
            state = read_state(params['state_directory'])
            case = Situation(params['document'], state, params['traces'], params['cluster_id'] or None)
            if params['purpose'] == 'claim':
                return self.claim(result, params['state_directory'], case)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise AnsibleActionFail('%s: %s' % (type(error).__name__, error)) from error
        refused = judge(case) if params['purpose'] == 'judge' else list(judge_removal(case))
        if refused:
            texts = [text_of(one) for one in refused]
            return dict(result, failed=True, msg='\n'.join(texts), refusals=[
                {'field': one['field'], 'text': text} for one, text in zip(refused, texts)])
        return dict(result, changed=False, ours=case.ours(), records={name: case.traces[name]['record'] for name in case.ours()})

    def claim(self, result, directory, case):
        cluster_id = case.id or str(uuid.uuid4())
        changed = case.state['id'] != cluster_id
        if changed and not self._task.check_mode:
            keep_id(directory, cluster_id)
        return dict(result, changed=changed, records={name: record_of(case, name, cluster_id) for name in case.traces})
