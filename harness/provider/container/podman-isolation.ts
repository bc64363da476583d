import { execa } from 'execa';
import { ProofgridError } from '../../../lifecycle/error.ts';

export interface IsolatedNetwork {
  readonly name: string;
  /** CIDR, a /24 of the pool. */
  readonly subnet: string;
  /** A /64 of the same pool. */
  readonly ipv6?: { readonly subnet: string };
  /** Name of the bridge on the host. */
  readonly bridge: string;
}

/**
 * Keeps a lease's machines from those of every other lease. netavark's own `isolate` is not enough: whenever any isolated
 * network goes, netavark 1.4 removes the jump to its isolation chain, for all the others too, until the next one comes.
 * The rule carries the network's name and goes with the network (`removeResidue`).
 */
export async function isolateNetwork(network: IsolatedNetwork): Promise<void> {
  await insert('iptables', isolationWords(network));
  if (network.ipv6 !== undefined) await insert('ip6tables', isolationWords({ ...network, subnet: network.ipv6.subnet }));
}

async function insert(program: 'iptables' | 'ip6tables', words: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await execa(program, words, { reject: false, stdin: 'ignore', timeout: 10_000 });
  if (exitCode === 0) return;
  throw new ProofgridError({
    code: 'NETWORK_NOT_ISOLATED',
    fault: 'infrastructure',
    what: `${program} ${words.join(' ')} failed: ${stderr.trim()}`,
    remedy: 'run proofgrid doctor',
  });
}

/** Words for `iptables`, or `ip6tables`: what comes from the lease's bridge for an address of the pool must stay on that bridge. */
export function isolationWords({ name, subnet, bridge }: IsolatedNetwork): string[] {
  const pool = subnet.includes(':') ? subnet.replace(/:[0-9a-f]+::\/64$/, '::/48') : `${subnet.split('.').slice(0, 2).join('.')}.0.0/16`;
  const rule = ['-d', pool, '-i', bridge, '!', '-o', bridge, '-m', 'comment', '--comment', name, '-j', 'DROP'];
  return ['-w', '-I', 'FORWARD', '1', ...rule];
}
