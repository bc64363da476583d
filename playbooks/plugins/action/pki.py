"""The module pki, on the controller: its options are documented in plugins/modules/pki.py."""
import base64
import datetime
import ipaddress
import json
import os
import tempfile

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Tolerates machines whose clocks are behind by this much.
CLOCK_SKEW = datetime.timedelta(minutes=5)


class Store:
    """The files of one directory; remembers what was written and why. Writes nothing in check mode."""

    def __init__(self, directory, check):
        self.directory, self.check, self.changes, self.memory = directory, check, {}, {}

    def path(self, name):
        return os.path.join(self.directory, name)

    def read(self, name):
        """The content of a file, or None."""
        if name not in self.memory:
            try:
                with open(self.path(name), 'rb') as stream:
                    self.memory[name] = stream.read()
            except OSError:
                self.memory[name] = None
        return self.memory[name]

    def write(self, name, content, reason):
        self.memory[name] = content
        self.changes[name] = reason
        if self.check:
            return
        directory = os.path.dirname(self.path(name))
        os.makedirs(directory, mode=0o700, exist_ok=True)
        # mkstemp makes the file with mode 0600, which is the mode that it keeps.
        handle, temporary = tempfile.mkstemp(dir=directory, prefix='.new-')
        try:
            with os.fdopen(handle, 'wb') as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, self.path(name))
        except BaseException:
            os.unlink(temporary)
            raise


def utc_now():
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)


def expiry(certificate):
    """Naive UTC: cryptography 38 has no aware form, 42 deprecates this one."""
    aware = getattr(certificate, 'not_valid_after_utc', None)
    return aware.replace(tzinfo=None) if aware else certificate.not_valid_after


def public_bytes(key):
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def key_of(store, name):
    """The private key <name>.key, made when missing."""
    content = store.read(name + '.key')
    if content is not None:
        return serialization.load_pem_private_key(content, password=None)
    key = ec.generate_private_key(ec.SECP256R1())
    store.write(name + '.key', key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()), 'missing')
    return key


def certificate_of(store, name):
    content = store.read(name + '.crt')
    try:
        return x509.load_pem_x509_certificate(content) if content is not None else None
    except ValueError:
        return None


def subject_of(common_name, organizations=()):
    names = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization) for organization in organizations]
    return x509.Name(names + [x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def alternative_name(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def usages_of(request):
    known = {'server': ExtendedKeyUsageOID.SERVER_AUTH, 'client': ExtendedKeyUsageOID.CLIENT_AUTH}
    return [known[usage] for usage in sorted(set(request['usages']))]


def extension(certificate, kind):
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return []


def signed_by(certificate, key):
    try:
        key.public_key().verify(
            certificate.signature, certificate.tbs_certificate_bytes, ec.ECDSA(certificate.signature_hash_algorithm))
        return True
    except InvalidSignature:
        return False


def builder_for(subject, issuer, key, until):
    now = utc_now()
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - CLOCK_SKEW).not_valid_after(until)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False))


def key_usage(authority):
    return x509.KeyUsage(
        digital_signature=True, key_cert_sign=authority, crl_sign=authority, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False)


def write_certificate(store, name, builder, key, reason):
    certificate = builder.sign(key, hashes.SHA256())
    store.write(name + '.crt', certificate.public_bytes(serialization.Encoding.PEM), reason)
    return certificate


def fault_common(certificate, key, subject, renew_before):
    """Why a certificate cannot stay, in words, or None."""
    if certificate is None:
        return 'missing'
    if public_bytes(certificate.public_key()) != public_bytes(key.public_key()):
        return 'does not belong to its key'
    if certificate.subject != subject:
        return 'other subject'
    if expiry(certificate) - utc_now() < renew_before:
        return 'expires soon'
    return None


def issue_authority(store, request, params):
    """Returns (key, certificate) of the authority."""
    name, subject = request['name'], subject_of(request['common_name'])
    key, certificate = key_of(store, name), certificate_of(store, name)
    reason = fault_common(certificate, key, subject, datetime.timedelta(days=params['renew_before_days']))
    if reason is None:
        return key, certificate
    builder = builder_for(subject, subject, key, utc_now() + datetime.timedelta(days=params['authority_days']))
    builder = (builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
               .add_extension(key_usage(authority=True), critical=True))
    return key, write_certificate(store, name, builder, key, reason)


def fault(certificate, key, request, authority, renew_before):
    authority_key, authority_certificate = authority
    reason = fault_common(certificate, key, subject_of(request['common_name'], request['organizations']), renew_before)
    if reason is not None:
        return reason
    if not signed_by(certificate, authority_key):
        return 'not signed by ' + request['authority']
    # Clients find an authority by its name, which may change while its key stays.
    if certificate.issuer != authority_certificate.subject:
        return 'other issuer'
    if set(extension(certificate, x509.SubjectAlternativeName)) != set(map(alternative_name, request['names'])):
        return 'other names'
    if set(extension(certificate, x509.ExtendedKeyUsage)) != set(usages_of(request)):
        return 'other usages'
    return None


def issue(store, request, authorities, params):
    if request['authority'] not in authorities:
        raise ValueError('%(name)s asks for the authority %(authority)s, which is not given' % request)
    authority_key, authority = authorities[request['authority']]
    name = request['name']
    key = key_of(store, name)
    reason = fault(certificate_of(store, name), key, request, authorities[request['authority']],
                   datetime.timedelta(days=params['renew_before_days']))
    if reason is None:
        return
    until = min(utc_now() + datetime.timedelta(days=params['certificate_days']), expiry(authority))
    builder = builder_for(subject_of(request['common_name'], request['organizations']), authority.subject, key, until)
    identifier = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
               .add_extension(key_usage(authority=False), critical=True)
               .add_extension(x509.ExtendedKeyUsage(usages_of(request)), critical=False)
               .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False))
    if request['names']:
        names = [alternative_name(each) for each in sorted(set(request['names']))]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    write_certificate(store, name, builder, authority_key, reason)


def write_if_other(store, name, content):
    before = store.read(name)
    if before != content:
        store.write(name, content, 'missing' if before is None else 'changed')


def kubeconfig(store, request):
    """JSON is YAML; every client reads it, and no quoting can go wrong."""
    def embedded(name):
        return base64.b64encode(store.read(name)).decode()
    user = '%s-%s' % (request['cluster'], os.path.basename(request['certificate']))
    return json_lines({
        'apiVersion': 'v1', 'kind': 'Config', 'preferences': {}, 'current-context': user,
        'clusters': [{'name': request['cluster'], 'cluster': {
            'server': request['server'], 'certificate-authority-data': embedded(request['authority'] + '.crt')}}],
        'users': [{'name': user, 'user': {
            'client-certificate-data': embedded(request['certificate'] + '.crt'),
            'client-key-data': embedded(request['certificate'] + '.key')}}],
        'contexts': [{'name': user, 'context': {'cluster': request['cluster'], 'user': user}}],
    })


def json_lines(value):
    return (json.dumps(value, indent=2, sort_keys=True) + '\n').encode()


def issue_all(store, params):
    authorities = {}
    for request in params['authorities']:
        authorities[request['name']] = issue_authority(store, request, params)
    for request in params['certificates']:
        issue(store, request, authorities, params)
    for name in params['key_pairs']:
        write_if_other(store, name + '.pub', public_bytes(key_of(store, name).public_key()))
    for request in params['secrets']:
        if store.read(request['name']) is None:
            store.write(request['name'], base64.b64encode(os.urandom(request['bytes'])) + b'\n', 'missing')
    for request in params['kubeconfigs']:
        write_if_other(store, request['path'], kubeconfig(store, request))
    for request in params['networks']:
        assign(store, request)


def assigned(request, before):
    """Name to network: what is assigned stays, a new name gets the lowest free network."""
    cluster = ipaddress.ip_network(request['cidr'])
    kept = {name: before[name] for name in request['names']
            if name in before and ipaddress.ip_network(before[name]).subnet_of(cluster)}
    free = (str(network) for network in cluster.subnets(new_prefix=request['prefix']) if str(network) not in kept.values())
    for name in request['names']:
        if name not in kept:
            kept[name] = next(free, None)
        if kept[name] is None:
            raise ValueError('%s has no network left for %s; give the cluster a larger one' % (cluster, name))
    return kept


def assign(store, request):
    before = json.loads(store.read(request['path']) or b'{}')
    write_if_other(store, request['path'], json_lines(assigned(request, before)))


def strings():
    return {'type': 'list', 'elements': 'str', 'default': []}


def dicts(**options):
    return {'type': 'list', 'elements': 'dict', 'default': [], 'options': options}


WORD = {'type': 'str', 'required': True}
ARGUMENTS = {
    'directory': {'type': 'path', 'required': True},
    'authorities': dicts(name=WORD, common_name=WORD),
    'certificates': dicts(
        name=WORD, authority=WORD, common_name=WORD, organizations=strings(), names=strings(),
        usages={'type': 'list', 'elements': 'str', 'choices': ['server', 'client'], 'required': True}),
    'key_pairs': strings(),
    'secrets': dicts(name=WORD, bytes={'type': 'int', 'default': 32}),
    'kubeconfigs': dicts(path=WORD, cluster=WORD, server=WORD, authority=WORD, certificate=WORD),
    'networks': dicts(path=WORD, cidr=WORD, prefix={'type': 'int', 'required': True},
                      names={'type': 'list', 'elements': 'str', 'required': True}),
    'authority_days': {'type': 'int', 'default': 3650},
    'certificate_days': {'type': 'int', 'default': 365},
    'renew_before_days': {'type': 'int', 'default': 90},
}


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        _, params = self.validate_argument_spec(ARGUMENTS)
        store = Store(params['directory'], self._task.check_mode)
        try:
            issue_all(store, params)
        except (OSError, ValueError) as error:
            raise AnsibleActionFail(str(error)) from error
        return dict(result, changed=bool(store.changes), changed_names=store.changes)
