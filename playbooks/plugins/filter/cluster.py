"""Filters that derive facts and file contents from the cluster document."""
import ipaddress
import json
import re

from ansible.module_utils.compat.version import LooseVersion


def nth_address(cidr, index):
    """The address at an index of a network, as text: ('10.96.0.0/16', 1) gives 10.96.0.1."""
    return str(ipaddress.ip_network(cidr)[int(index)])


def node_prefix(cidr):
    """Prefix length of one machine's part of the pod network: /24 (IPv6: /64) as Kubernetes' own allocator, or a
    sixteenth of a network that is too small for that."""
    network = ipaddress.ip_network(cidr)
    usual = 24 if network.version == 4 else 64
    return usual if network.prefixlen <= usual - 4 else network.prefixlen + 4


def node_networks(cidr):
    """How many machines have a part in a pod network: ('10.244.0.0/16') gives 256."""
    return 2 ** (node_prefix(cidr) - ipaddress.ip_network(cidr).prefixlen)


def node_bits(cidr):
    """Bits of an address that one machine's part leaves to its pods: ('10.244.0.0/16') gives 8."""
    return ipaddress.ip_network(cidr).max_prefixlen - node_prefix(cidr)


def for_version(table, version, base=None):
    """Merges the values of the rows that hold for a version into what holds for every version.

    A row is {since?: version, until?: version (not included), value: {…}, source: URL}; later rows win. A value that is
    null removes the key that an earlier row, or the base, gave. Without a version the rows without `since` hold.
    """
    current = LooseVersion(str(version) or '0')
    merged = dict(base or {})
    for row in table:
        if 'since' in row and current < LooseVersion(str(row['since'])):
            continue
        if 'until' in row and current >= LooseVersion(str(row['until'])):
            continue
        merged.update(row['value'])
    return {key: value for key, value in merged.items() if value is not None}


def to_toml(settings):
    """A dictionary of texts, numbers, booleans, lists of those, and dictionaries, as TOML 1.0.

    Texts, and keys that need it, are quoted as in JSON, whose escapes are a subset of those of TOML's basic strings.
    """
    def name(key):
        return key if re.fullmatch('[A-Za-z0-9_-]+', key) else json.dumps(key)

    def table(path, entries):
        values = {key: value for key, value in entries.items() if not isinstance(value, dict)}
        head = ['', '[%s]' % '.'.join(map(name, path))] if path and values else []
        lines = head + ['%s = %s' % (name(key), json.dumps(value)) for key, value in values.items()]
        for key, value in entries.items():
            if isinstance(value, dict):
                lines += table(path + [key], value)
        return lines

    return '\n'.join(table([], settings)) + '\n'


def url_host(address):
    """An address or name as it stands in a URL: IPv6 in brackets."""
    return '[%s]' % address if ':' in address else address


def command_line(flags):
    """Flags as the continued lines of a systemd ExecStart, in a stable order; a list is joined with commas.

    Quoting: systemd.service(5), COMMAND LINES. JSON's string escapes are a subset of systemd's.
    """
    def text(value):
        if isinstance(value, bool):
            return 'true' if value else 'false'
        return ','.join(map(text, value)) if isinstance(value, (list, tuple)) else str(value)

    def argument(name):
        word = '--%s=%s' % (name, text(flags[name]))
        return json.dumps(word.replace('%', '%%').replace('$', '$$'), ensure_ascii=False)

    return ' \\\n  '.join(argument(name) for name in sorted(flags))


def kubeconfig(server, user, pki_directory, certificate, key_directory=None):
    """A kubeconfig that names credentials by path, so that a renewed certificate needs no other kubeconfig. The key may lie
    elsewhere than what everybody may read."""
    path = '%s/%s' % (pki_directory, certificate)
    key = '%s/%s.key' % (key_directory or pki_directory, certificate)
    return {
        'apiVersion': 'v1', 'kind': 'Config', 'current-context': 'default',
        'clusters': [{'name': 'default', 'cluster': {
            'server': server, 'certificate-authority': '%s/ca.crt' % pki_directory}}],
        'users': [{'name': user, 'user': {'client-certificate': path + '.crt', 'client-key': key}}],
        'contexts': [{'name': 'default', 'context': {'cluster': 'default', 'user': user}}],
    }


def guarded_machines(machines, addresses, ports, peer_port):
    """What of each machine stays as long as its cluster lives, and the ports that its roles need."""
    return [{
        'name': machine['name'], 'roles': machine['roles'],
        'peer_url': 'https://%s:%d' % (url_host(addresses.get(machine['name'], '')), int(peer_port)),
        'ports': sorted({int(port) for role in machine['roles'] for port in ports[role]}),
    } for machine in machines]


class FilterModule(object):
    def filters(self):
        return {'nth_address': nth_address, 'node_prefix': node_prefix, 'node_networks': node_networks, 'node_bits': node_bits,
                'for_version': for_version, 'url_host': url_host, 'to_toml': to_toml, 'guarded_machines': guarded_machines,
                'command_line': command_line, 'kubeconfig': kubeconfig}
