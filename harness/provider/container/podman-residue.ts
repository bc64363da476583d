import { readdir, stat } from 'node:fs/promises';
import { execa } from 'execa';
import { ProofgridError } from '../../../lifecycle/error.ts';

/** What netavark leaves on the host when podman is killed between setting a machine's network up and writing it down. */
export interface NetworkTraces {
  readonly name: string;
  /** CIDR. */
  readonly subnet: string;
  readonly ipv6?: { readonly subnet: string };
  /** Name of the bridge on the host. */
  readonly bridge: string;
}

const NAMESPACES = '/run/netns';
const TABLES = ['filter', 'nat'] as const;

/**
 * Removes namespaces, bridge and firewall rules of a network that has no container any more, but still exists itself: as
 * long as it does, nobody else can have its subnet or the name of its bridge. Usually there is nothing left to do.
 */
export async function removeResidue({ name: network, subnet, ipv6, bridge }: NetworkTraces): Promise<void> {
  if (await stat(`/sys/class/net/${bridge}`).catch(() => undefined)) {
    // The namespaces first: with them go the machines' ends of the cables that are plugged into the bridge.
    for (const name of await namespacesIn(subnet)) await quietly('ip', ['netns', 'delete', name]);
    await quietly('ip', ['link', 'delete', bridge, 'type', 'bridge']);
  }
  await removeRules('iptables', { name: network, subnet, bridge });
  if (ipv6 !== undefined) await removeRules('ip6tables', { name: network, subnet: ipv6.subnet, bridge });
}

async function removeRules(program: 'iptables' | 'ip6tables', traces: NetworkTraces): Promise<void> {
  for (const table of TABLES) {
    const { stdout } = await quietly(`${program}-save`, ['-t', table]);
    for (const words of residualRules(stdout, traces)) await quietly(program, ['-w', '-t', table, ...words]);
  }
}

/**
 * Words for `iptables` that delete what `iptables-save` shows of a network: rules for its subnet or its bridge, and then the
 * chains of its own that they led to.
 */
export function residualRules(saved: string, { name, subnet, bridge }: NetworkTraces): string[][] {
  const rules = saved
    .split('\n')
    .map((line) => line.split(' '))
    .filter((words) => words[0] === '-A' && (words.includes(name) || words[1]?.startsWith('NETAVARK') === true || words.at(-1)?.startsWith('NETAVARK') === true))
    .filter((words) => words.some((word, index) => word === subnet || (word === bridge && /^-[io]$/.test(words[index - 1] ?? ''))));
  const chains = new Set(rules.flatMap((words) => words.filter((word) => /^NETAVARK-[0-9A-F]+$/.test(word))));
  return [
    ...rules.map((words) => ['-D', ...words.slice(1)]),
    ...[...chains].flatMap((chain) => [['-F', chain], ['-X', chain]]),
  ];
}

async function namespacesIn(subnet: string): Promise<string[]> {
  const prefix = subnet.replace(/\.0\/24$/, '.');
  const names = (await readdir(NAMESPACES).catch(() => [])).filter((name) => name.startsWith('netns-'));
  const inside = await Promise.all(
    names.map(async (name) => {
      const { stdout } = await quietly('ip', ['-netns', name, '-oneline', '-family', 'inet', 'address']);
      return stdout.split('\n').some((line) => (/ inet (\S+)/.exec(line)?.[1] ?? '').startsWith(prefix));
    }),
  );
  return names.filter((_name, index) => inside[index]);
}

/** Whatever fails here shows when the network itself is removed, or was gone already; without the program nothing would be done at all. */
async function quietly(program: string, words: readonly string[]): Promise<{ stdout: string }> {
  const { stdout, code } = await execa(program, words, { reject: false, stdin: 'ignore', timeout: 10_000 });
  if (code === 'ENOENT') {
    throw new ProofgridError({
      code: 'PROGRAM_MISSING',
      fault: 'infrastructure',
      what: `${program} is nowhere on the PATH, so what a network left on this host cannot be removed`,
      remedy: 'install it: proofgrid doctor --fix',
    });
  }
  return { stdout: stdout ?? '' };
}
