"""Filters that derive facts from the cluster document."""
import ipaddress

from ansible.module_utils.compat.version import LooseVersion


def nth_address(cidr, index):
    """The address at an index of a network, as text: ('10.96.0.0/16', 1) gives 10.96.0.1."""
    return str(ipaddress.ip_network(cidr)[int(index)])


def for_version(table, version):
    """Merges the values of the rows that hold for a version.

    A row is {since?: version, until?: version (not included), value: {…}}; later rows win. A value that is null removes
    the key that an earlier row gave.
    """
    current = LooseVersion(str(version))
    merged = {}
    for row in table:
        if 'since' in row and current < LooseVersion(str(row['since'])):
            continue
        if 'until' in row and current >= LooseVersion(str(row['until'])):
            continue
        merged.update(row['value'])
    return {key: value for key, value in merged.items() if value is not None}


def url_host(address):
    """An address or name as it stands in a URL: IPv6 in brackets."""
    return '[%s]' % address if ':' in address else address


class FilterModule(object):
    def filters(self):
        return {'nth_address': nth_address, 'for_version': for_version, 'url_host': url_host}
