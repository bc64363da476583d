import { sshHost } from '../machine/ssh.ts';
import type { Lease, Machine, Provider } from '../provider/contract.ts';
import { waitFor } from '../provider/wait.ts';

/**
 * Milliseconds. SSH tells of a machine's end at once, KubeVirt with its handler's or the kubelet's next report, seconds later.
 * It is spent in full only on machines that do run and that the product has cut off.
 */
const NOTICE_LIMIT = 60_000;
/** Milliseconds for a command that does nothing. */
const ANSWER_LIMIT = 5_000;

export interface Examination {
  readonly provider: Pick<Provider, 'examine'>;
  readonly lease: Lease;
  readonly signal: AbortSignal;
  readonly report: (message: string) => void;
  readonly answers?: (machine: Machine) => Promise<boolean>;
  readonly limitMs?: number;
}

/**
 * Asked after a failure: resolves with its message when it is the machines' and not the product's, with what the provider sees
 * of those that are lost. While a machine does not answer, the provider has some time to notice; undefined when all run, or
 * when it cannot tell.
 */
export type Examine = (message: string | undefined) => Promise<string | undefined>;

/** Undefined for providers that never can tell. */
export function examination({ provider, lease, signal, report, answers = answersSsh, limitMs = NOTICE_LIMIT }: Examination): Examine | undefined {
  if (provider.examine === undefined) return undefined;
  const wait = { name: 'whether machines that do not answer are lost', limitMs, intervalMs: Math.min(1000, limitMs / 10), signal };
  const look = async () => {
    let told = false;
    return waitFor(wait, async () => {
      const lost = (await provider.examine?.(lease).catch(() => [])) ?? [];
      if (lost.length > 0) return lost;
      const all = await Promise.all(lease.machines.map(async (machine) => ((await answers(machine)) ? [] : [machine.name])));
      const silent = all.flat();
      if (silent.length === 0) return [];
      if (!told) report(`no answer from ${silent.join(', ')}: for at most ${limitMs / 1000} s the provider is asked whether they run`);
      told = true;
      return undefined;
    });
  };
  let current: Promise<readonly string[]> | undefined;
  // several checks may fail at once, and ask for the same
  const lostMachines = async () => (current ??= look().catch(() => []).finally(() => (current = undefined)));
  return async (message) => {
    const lost = await lostMachines();
    return lost.length === 0 ? undefined : `lost machines: ${lost.join(', ')}${message === undefined ? '' : `; ${message}`}`;
  };
}

async function answersSsh(machine: Machine): Promise<boolean> {
  return sshHost(machine, []).exec(['true'], { limitMs: ANSWER_LIMIT }).then(({ exitCode }) => exitCode === 0, () => false);
}
