import { isIPv4 } from 'node:net';

/** Bits of an address. */
type Family = 32 | 128;

export interface Network {
  readonly family: Family;
  readonly first: bigint;
  readonly last: bigint;
  readonly prefix: number;
  /** Whether the address in front of the slash is the network's own. */
  readonly exact: boolean;
}

/** A network in CIDR notation, or one address: valid ones, as the schema has judged them. */
export function networkOf(text: string): Network {
  const [address = '', length] = text.split('/');
  const family = isIPv4(address) ? 32 : 128;
  const prefix = length === undefined ? family : Number(length);
  const value = family === 32 ? bitsOf(address.split('.').map(Number), 8) : bitsOf(groupsOf(address), 16);
  const size = 1n << BigInt(family - prefix);
  const first = (value / size) * size;
  return { family, first, last: first + size - 1n, prefix, exact: first === value };
}

export function overlap(one: Network, other: Network): boolean {
  return one.family === other.family && one.first <= other.last && other.first <= one.last;
}

/** Those that no machine, service or pod can have: unspecified, loopback, multicast, reserved (RFC 6890). */
const UNUSABLE = ['0.0.0.0/8', '127.0.0.0/8', '224.0.0.0/3', '::/127', 'ff00::/8'].map(networkOf);

export function isUsable(network: Network): boolean {
  return !UNUSABLE.some((one) => overlap(one, network));
}

/** The network's own text, without host bits: `10.96.0.7/16` → `10.96.0.0/16`. */
export function withoutHostBits(text: string): string {
  const { family, first, prefix } = networkOf(text);
  const groups = family === 32 ? 4 : 8;
  const width = BigInt(family / groups);
  const parts = Array.from({ length: groups }, (_, index) => (first >> (width * BigInt(groups - 1 - index))) & ((1n << width) - 1n));
  if (family === 32) return `${parts.join('.')}/${prefix}`;
  return `${new URL(`http://[${parts.map((part) => part.toString(16)).join(':')}]`).hostname.slice(1, -1)}/${prefix}`;
}

function bitsOf(parts: readonly number[], width: number): bigint {
  return parts.reduce((bits, part) => (bits << BigInt(width)) | BigInt(part), 0n);
}

/** The eight groups of an IPv6 address; the URL parser turns an IPv4 tail into two of them. */
function groupsOf(address: string): number[] {
  const [front = '', back] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  if (back === undefined) return groups(front);
  const [before, after] = [groups(front), groups(back)];
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}
