"""Filters that compare networks and addresses."""
import ipaddress


def overlaps(cidr, other):
    """Whether two networks share an address; networks of different families do not."""
    first, second = ipaddress.ip_network(cidr), ipaddress.ip_network(other)
    return first.version == second.version and first.overlaps(second)


def inside(addresses, networks):
    """Those addresses that lie in one of the networks; names are left out."""
    found = []
    for text in addresses:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            continue
        if any(address in ipaddress.ip_network(network) for network in networks):
            found.append(text)
    return found


def subnet_bits(cidr):
    """How often a network can be halved until single addresses remain: ('10.244.0.0/16') gives 16."""
    network = ipaddress.ip_network(cidr)
    return network.max_prefixlen - network.prefixlen


class FilterModule(object):
    def filters(self):
        return {'overlaps': overlaps, 'inside': inside, 'subnet_bits': subnet_bits}
