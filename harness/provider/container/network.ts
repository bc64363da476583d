import { randomInt } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { readFile } from 'node:fs/promises';
import { BlockList } from 'node:net';
import { ProofgridError } from '../../../lifecycle/error.ts';
import type { Engine, NetworkSpec } from './engine.ts';
import { labelled, type Labels } from './labels.ts';

/**
 * First two octets of the leases' networks: outside of podman's (10.88, 10.89), docker's (172.17 to 172.31, 192.168) and
 * the clusters' own defaults (10.96 services, 10.244 pods).
 */
export const DEFAULT_POOL = '10.213';

/** The engine hands out addresses in the lower half only, so the upper half is free for the API endpoint. */
const FIRST_MACHINE = 10;
export const MOST_MACHINES = 100;
const VIRTUAL_ADDRESS = 250;

/** Of a pool. */
const NETWORKS = 256;
/** Bits of a lease's network. */
const LEASE_PREFIX = 24;

/** One lease's network: a /24 with every address decided before anything exists. */
export interface NetworkPlan {
  readonly subnet: string;
  readonly range: string;
  readonly gateway: string;
  /** Of the leases whose machines have both families. */
  readonly ipv6: { readonly subnet: string; readonly gateway: string; readonly address: (index: number) => string };
  readonly virtualAddress: string;
  /** Of the machine with this index. */
  readonly address: (index: number) => string;
}

export function networkPlan(pool: string, third: number): NetworkPlan {
  const prefix = `${pool}.${third}`;
  // Unique local addresses (RFC 4193) that read like the IPv4 ones: 10.213.7.10 is also fd00:10:213:7::10.
  const prefix6 = `fd00:${prefix.replaceAll('.', ':')}`;
  return {
    subnet: `${prefix}.0/24`,
    range: `${prefix}.0/25`,
    gateway: `${prefix}.1`,
    ipv6: { subnet: `${prefix6}::/64`, gateway: `${prefix6}::1`, address: (index) => `${prefix6}::${FIRST_MACHINE + index}` },
    virtualAddress: `${prefix}.${VIRTUAL_ADDRESS}`,
    address: (index) => `${prefix}.${FIRST_MACHINE + index}`,
  };
}

/** Follows from the address, so a machine keeps it over power cuts and nobody's neighbour table goes stale. */
export function macAddress(address: string): string {
  const octets = address.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'));
  return ['02', '42', ...octets].join(':');
}

/** How many of a pool's networks are free of addresses and routes of a host, and what uses the others. */
export function poolUse(pool: string, addresses: readonly string[], routes: readonly Route[]): { readonly free: number; readonly users: readonly string[] } {
  const users = Array.from({ length: NETWORKS }, (_, third) => userOf(networkPlan(pool, third).subnet, addresses, routes)).filter((user) => user !== undefined);
  return { free: NETWORKS - users.length, users };
}

export interface NetworkRequest {
  readonly name: string;
  readonly pool: string;
  readonly labels: Labels;
  readonly virtualAddress: boolean;
  readonly dualStack?: boolean;
}

/**
 * Makes the network of a lease. The engine itself refuses a subnet that another network has, under its own lock: that, and
 * not a look beforehand, is what keeps concurrent runs apart. The order is random so that they seldom meet.
 */
export async function createNetwork(engine: Engine, request: NetworkRequest): Promise<NetworkPlan> {
  const used = await usedByHost();
  for (const third of shuffled(NETWORKS)) {
    const plan = networkPlan(request.pool, third);
    if (used(plan) !== undefined) continue;
    const facts = { subnet: plan.subnet, ...(request.virtualAddress ? { 'virtual-address': plan.virtualAddress } : {}) };
    const { ipv6, ...ipv4 } = plan;
    const spec: NetworkSpec = { ...ipv4, ...(request.dualStack === true && { ipv6 }), name: request.name, labels: { ...request.labels, ...labelled(facts) } };
    if (await engine.createNetwork(spec)) return plan;
  }
  const users = shuffled(NETWORKS).flatMap((third) => used(networkPlan(request.pool, third)) ?? []);
  throw new ProofgridError({
    code: 'NETWORKS_EXHAUSTED',
    fault: 'infrastructure',
    what: `all ${NETWORKS} networks of ${request.pool}.0.0/16 are in use by leases, or by interfaces and routes of this host${users.length === 0 ? '' : `: ${users.length} by this host, as ${users.slice(0, 3).join(', ')}`}`,
    remedy: 'run proofgrid reap, and look at ip route',
  });
}

/** Names the interface's address or the route of this host (a VPN, another engine) that already uses a subnet. */
async function usedByHost(): Promise<(plan: NetworkPlan) => string | undefined> {
  const addresses = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []).map(({ address }) => address);
  const routes = parseRoutes(await readFile('/proc/net/route', 'utf8').catch(() => ''));
  return (plan) => userOf(plan.subnet, addresses, routes);
}

/**
 * Which of these addresses and routes lies in a /24. A wider route (10.0.0.0/8 into a VPN or a data centre) is no use of it: the
 * kernel prefers the longer prefix, which the engine's bridge has.
 */
export function userOf(subnet: string, addresses: readonly string[], routes: readonly Route[]): string | undefined {
  const own = new BlockList();
  own.addSubnet(subnet.replace(/\/.*/, ''), LEASE_PREFIX);
  const address = addresses.find((each) => each.includes('.') && own.check(each));
  if (address !== undefined) return `the address ${address}`;
  const route = routes.find(({ network, prefix }) => prefix >= LEASE_PREFIX && own.check(network));
  return route === undefined ? undefined : `the route to ${route.network}/${route.prefix}`;
}

export interface Route {
  readonly network: string;
  readonly prefix: number;
}

/** `/proc/net/route`: destination and mask are little-endian hexadecimal. The default route says nothing about use. */
export function parseRoutes(table: string): Route[] {
  return table.split('\n').slice(1).flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [destination, mask] = [fields[1], fields[7]];
    if (destination === undefined || mask === undefined) return [];
    const network = octets(destination).join('.');
    const prefix = octets(mask).map((octet) => octet.toString(2).replaceAll('0', '').length).reduce((sum, bits) => sum + bits, 0);
    return prefix === 0 ? [] : [{ network, prefix }];
  });
}

function octets(hexadecimal: string): number[] {
  return [...Buffer.from(hexadecimal, 'hex')].reverse();
}

function shuffled(count: number): number[] {
  const numbers = Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last -= 1) {
    const other = randomInt(last + 1);
    [numbers[last], numbers[other]] = [numbers[other] ?? 0, numbers[last] ?? 0];
  }
  return numbers;
}
