import { setTimeout as delay } from 'node:timers/promises';
import { ProofgridError } from '../../../lifecycle/error.ts';
import { failedUnits } from '../../machine/login.ts';
import { closeSshMasters, sshHost } from '../../machine/ssh.ts';
import { throughMaster } from '../../machine/ssh-master.ts';
import type { Host } from '../../suite/check.ts';
import type { Machine } from '../contract.ts';
import { MachineStartError } from '../start-error.ts';
import { reach } from './access.ts';
import type { CellView } from './cell-view.ts';
import type { Context } from './context.ts';
import { diagnose, readConsole } from './diagnosis.ts';
import { namespaceOf } from './names.ts';
import { STAGE_LIMITS, progressOf, troubles, type Stage } from './stage.ts';
import { stageClock } from './stage-clock.ts';

/** Milliseconds between two looks when nothing changes: a stage's limit must be noticed, too. */
const LOOK = 1000;
/** Milliseconds between two attempts to be greeted by sshd. */
const GREETING = 200;

export interface Wanted {
  readonly id: string;
  readonly name: string;
  readonly dataVolumes: readonly string[];
  /** The machine at its address, once it has one. */
  readonly machine: (address: string) => Promise<Machine>;
  /** Told before the first login. */
  readonly reached?: (machine: Machine) => void;
  /** Told what the cluster says is wrong, once for each text, while the machine is waited for. */
  readonly report?: (message: string) => void;
  readonly limits?: Readonly<Record<Stage, number>>;
}

export interface Ready {
  readonly machine: Machine;
  readonly failedUnits: readonly string[];
}

/** Takes one machine through all stages, to a proven SSH login. @throws MachineStartError with the cluster's diagnosis and the console */
export async function untilReady(context: Context, view: CellView, wanted: Wanted, signal: AbortSignal): Promise<Ready> {
  const { limits = STAGE_LIMITS } = wanted;
  let stage: Stage = 'scheduled';
  try {
    const clock = stageClock(limits);
    const inTime = (at: Stage, reason: string) => {
      stage = at;
      if (clock.overdue(at, performance.now()) > 0) throw new Error(`not within ${limits[at] / 1000} s: ${reason}`);
    };
    const machine = await untilGreeted(context, view, wanted, signal, inTime, (at) => (stage = at));
    wanted.reached?.(machine);
    stage = 'ssh login';
    await login(machine, limits[stage], signal);
    stage = 'cloud-init finished';
    const units = await cloudInitFinished(sshHost(machine, [], { signal }), limits[stage]);
    const uid = view.machine(wanted.name).instance?.metadata.uid;
    if (uid !== undefined) context.instances.set(`${wanted.id}/${wanted.name}`, uid);
    return { machine, failedUnits: units };
  } catch (cause) {
    signal.throwIfAborted();
    throw await startError(context, wanted, stage, cause);
  }
}

type InTime = (stage: Stage, reason: string) => void;

/** What the cluster says first; as soon as there is an address, sshd's greeting tells more and sooner. */
async function untilGreeted(context: Context, view: CellView, wanted: Wanted, signal: AbortSignal, inTime: InTime, at: (stage: Stage) => void): Promise<Machine> {
  const told = new Set<string>();
  for (;;) {
    signal.throwIfAborted();
    const seen = view.machine(wanted.name);
    for (const trouble of troubles(seen)) {
      if (told.has(trouble)) continue;
      told.add(trouble);
      wanted.report?.(`machine ${wanted.name}: ${trouble}`);
    }
    const progress = progressOf(seen, wanted);
    if (progress.type === 'broken') {
      at(progress.stage);
      throw new Error(progress.reason);
    }
    if (progress.type === 'waiting') {
      inTime(progress.stage, progress.reason);
      await view.changed(LOOK);
      continue;
    }
    const machine = await wanted.machine(progress.address);
    const found = await reach(context, namespaceOf(wanted.id), machine);
    if (found !== undefined) return found;
    // Without an answer it is the guest's own word that tells a guest that still starts from one that nobody can reach.
    if (progress.ready) inTime('ssh login', `sshd at ${progress.address} does not answer`);
    else inTime('cloud-init finished', `the guest at ${progress.address} is not ready, and its sshd does not answer`);
    await Promise.race([view.changed(GREETING), delay(GREETING, undefined, { signal })]);
  }
}

async function login(machine: Machine, limitMs: number, signal: AbortSignal): Promise<void> {
  const end = performance.now() + limitMs;
  await closeSshMasters([machine]);
  for (;;) {
    signal.throwIfAborted();
    try {
      await throughMaster(machine);
      return;
    } catch (error) {
      // cloud-init places the key, and the host keys, after sshd has first been started by the image.
      if (performance.now() > end) throw error;
      await delay(GREETING, undefined, { signal });
    }
  }
}

/**
 * Nothing but 0 is done: 1 is an error, and 2, from 23.4 on, an error that cloud-init went on after, such as a module that
 * failed (https://docs.cloud-init.io/en/latest/explanation/return_codes.html). An image without cloud-init has nothing to wait for.
 */
export async function cloudInitFinished(host: Host, limitMs: number): Promise<string[]> {
  const script = '[ -d /run/systemd/system ] && echo systemd; command -v cloud-init >/dev/null || exit 0; cloud-init status --wait --long >&2';
  const { exitCode, stdout, stderr } = await host.exec(['sh', '-c', script], { limitMs });
  if (exitCode !== 0) throw new Error(`cloud-init status says (${exitCode}): ${stderr.trim()}`);
  return stdout.trim() === 'systemd' ? failedUnits(host, limitMs) : [];
}

async function startError({ client, tunnels, ways }: Context, { id, name }: Wanted, stage: Stage, cause: unknown): Promise<MachineStartError> {
  const namespace = namespaceOf(id);
  const [console, diagnosis] = await Promise.all([
    readConsole(client, namespace, name).catch((error: unknown) => `(the console cannot be read: ${String(error)})\n`),
    diagnose(client, namespace, name),
  ]);
  const through = ways.tunnelled && (stage === 'ssh login' || stage === 'cloud-init finished') ? await tunnels.to(namespace, name).then(({ lastError }) => lastError, () => undefined) : undefined;
  const reason = cause instanceof ProofgridError ? cause.what : cause instanceof Error ? cause.message : String(cause);
  return new MachineStartError({
    machine: name,
    stage,
    reason: through === undefined ? reason : `${reason}; through the API server: ${through}`,
    console: `${diagnosis}\n== Console\n${console}`,
    cause,
  });
}
