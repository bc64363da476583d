import { ProofgridError } from '../../../lifecycle/error.ts';
import type { SiteNetwork } from './site.ts';

type Multus = Extract<SiteNetwork, { readonly type: 'multus' }>;

/** The addresses of one cell in a Multus network. */
export interface CellAddresses {
  /** Machine → address with prefix length, `192.0.2.17/24`. */
  readonly machines: Readonly<Record<string, string>>;
  /** The block's first address; no machine has it. */
  readonly virtualAddress: string;
}

/** How many cells the network can have at once. A block is taken by creating an object that is named after it. */
export function blockCount({ first, last, block }: Pick<Multus, 'first' | 'last' | 'block'>): number {
  return Math.max(0, Math.floor((toNumber(last) - toNumber(first) + 1) / block));
}

/** Throws `SITE_BLOCK_TOO_SMALL`, and a RangeError for a block that is not there. */
export function blockAddresses(network: Multus, block: number, machines: readonly string[]): CellAddresses {
  if (block < 0 || block >= blockCount(network)) throw new RangeError(`the network has no block ${block}`);
  if (machines.length >= network.block) {
    throw new ProofgridError({
      code: 'SITE_BLOCK_TOO_SMALL',
      fault: 'usage',
      what: `a block of ${network.block} addresses has no room for ${machines.length} machines and their virtual address`,
      remedy: 'raise spec.network.block of the site',
    });
  }
  const start = toNumber(network.first) + block * network.block;
  const prefix = network.subnet.slice(network.subnet.indexOf('/'));
  return {
    machines: Object.fromEntries(machines.map((machine, index) => [machine, toText(start + 1 + index) + prefix])),
    virtualAddress: toText(start),
  };
}

export function toNumber(address: string): number {
  return address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

/** Whether the address lies in the CIDR, both IPv4. */
export function within(address: string, cidr: string): boolean {
  const [base = '', length = '32'] = cidr.split('/');
  const size = 2 ** (32 - Number(length));
  return Math.floor(toNumber(address) / size) === Math.floor(toNumber(base) / size);
}

function toText(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}
