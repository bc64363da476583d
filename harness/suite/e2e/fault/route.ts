import { isIPv6 } from 'node:net';
import type { Host } from '../../check.ts';
import { must } from '../machine.ts';
import type { Mend } from './mend.ts';

/** Sends everything for a destination nowhere, with an answer that says so: more specific than any route of the network. */
export async function unreachableRoute(host: Host, destination: string, mend: Mend): Promise<void> {
  mend(() => must(host, ['ip', 'route', 'del', 'unreachable', destination]));
  await must(host, ['ip', 'route', 'add', 'unreachable', destination]);
}

/** Deletes the route by which the machine sends to an address, and puts it back as it was. */
export async function loseRoute(host: Host, address: string, mend: Mend): Promise<void> {
  const family = isIPv6(address) ? '-6' : '-4';
  const text = await must(host, ['ip', '-o', family, 'route', 'show', 'match', address]);
  const route = text.split('\n').find((line) => line !== '' && !line.startsWith('default'));
  if (route === undefined) throw new Error(`${host.name} has no route of its own to ${address}`);
  const words = route.trim().split(/\s+/);
  mend(() => must(host, ['ip', family, 'route', 'replace', ...words]));
  await must(host, ['ip', family, 'route', 'del', ...words]);
}
