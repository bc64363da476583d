import { BlockList, isIPv6 } from 'node:net';

/** First usable address of a network, which Kubernetes gives to the service `kubernetes`: `10.96.0.0/16` → `10.96.0.1`. */
export function firstAddress(cidr: string): string {
  return addressAt(cidr, 1);
}

/** The address at an index that its last part can hold: (`10.96.0.0/16`, 10) → `10.96.0.10`. */
export function addressAt(cidr: string, index: number): string {
  const [network = ''] = cidr.split('/');
  if (isIPv6(network)) return network.endsWith('::') ? `${network}${index.toString(16)}` : increase(network, ':', 16, index);
  return increase(network, '.', 10, index);
}

function increase(address: string, separator: string, base: number, by: number): string {
  const parts = address.split(separator);
  const last = Number.parseInt(parts.at(-1) ?? '', base);
  return [...parts.slice(0, -1), (last + by).toString(base)].join(separator);
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
