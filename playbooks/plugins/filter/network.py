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


def addresses_beside(interfaces, address):
    """Addresses of the other family on the interface that has an address; link-local ones no other machine can use."""
    own = ipaddress.ip_address(address)
    found = [list(map(ipaddress.ip_address, interface['addresses'])) for interface in interfaces.values()]
    return [str(other) for beside in found if own in beside for other in beside
            if other.version != own.version and not other.is_link_local]


def networks_of(networks, second):
    """Name to all its networks with a comma between them; without a second family these are the first ones."""
    return {name: ','.join([network] + ([second[name]] if name in second else [])) for name, network in networks.items()}


class FilterModule(object):
    def filters(self):
        return {'overlaps': overlaps, 'inside': inside, 'addresses_beside': addresses_beside, 'networks_of': networks_of}
