import { BlockList, isIPv6 } from 'node:net';

/** First usable address of a network, which Kubernetes gives to the service `kubernetes`: `10.96.0.0/16` → `10.96.0.1`. */
export function firstAddress(cidr: string): string {
  const [network = ''] = cidr.split('/');
  if (isIPv6(network)) return network.endsWith('::') ? `${network}1` : increment(network, ':', 16);
  return increment(network, '.', 10);
}

function increment(address: string, separator: string, base: number): string {
  const parts = address.split(separator);
  const last = Number.parseInt(parts.at(-1) ?? '', base);
  return [...parts.slice(0, -1), (last + 1).toString(base)].join(separator);
}

/** Whether an address is one of a network, both as text: `10.96.0.53` of `10.96.0.0/16`. */
export function addressInside(address: string, cidr: string): boolean {
  const [network = '', prefix] = cidr.split('/');
  const family = isIPv6(network) ? 'ipv6' : 'ipv4';
  if (isIPv6(address) !== isIPv6(network)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), family);
  return list.check(address, family);
}
