import { ProofgridError } from '../../../lifecycle/error.ts';
import { sshHost } from '../../machine/ssh.ts';
import type { Checkpoints, Lease, Machine, Progress } from '../contract.ts';
import { settle } from '../settle.ts';
import type { Context } from './context.ts';
import { LABEL } from './names.ts';
import { cutPower, powerlessKey, setStrategy, startMachines, type Powerless } from './power.ts';
import { MixedDisks, RESTORE_LIMIT, restoreDisks } from './restore.ts';
import { isWhole, listSnapshots, removeSnapshots, SNAPSHOT_LIMIT, takeSnapshots } from './snapshot.ts';

export interface CheckpointOptions {
  /** Milliseconds that KubeVirt has for a snapshot, and for a restore. */
  readonly snapshotLimitMs?: number;
  readonly restoreLimitMs?: number;
}

/** Part of names and labels, with a machine's name behind it. */
const NAME = /^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$/;
/** Milliseconds for what a guest has not written to its disks yet. */
const FLUSH_LIMIT = 120_000;

/**
 * Checkpoints out of KubeVirt's snapshots, of machines that are off: a snapshot of a running or a paused guest has what its
 * kernel had written by chance, and each machine's at another moment. Decision 0150.
 */
export function createCheckpoints(context: Context, lease: Lease, powerless: Powerless, options: CheckpointOptions = {}): Checkpoints {
  const { snapshotLimitMs = SNAPSHOT_LIMIT, restoreLimitMs = RESTORE_LIMIT } = options;
  const whole = async () => {
    const snapshots = await listSnapshots(context, lease);
    const names = new Set(snapshots.flatMap(({ metadata }) => metadata.labels?.[LABEL.checkpoint] ?? []));
    return [...names].filter((name) => isWhole(lease, snapshots.filter(({ metadata }) => metadata.labels?.[LABEL.checkpoint] === name))).sort();
  };
  return {
    async take(name, progress) {
      refuseStrange(name);
      if ((await whole()).includes(name)) throw exists(lease, name);
      await removeSnapshots(context, lease, name);
      await flush(running(lease, powerless), progress.signal);
      await whileOff(context, lease, powerless, progress, `checkpoint ${name}`, async () => {
        try {
          await takeSnapshots(context, lease, name, snapshotLimitMs, progress.signal);
        } catch (error) {
          await removeSnapshots(context, lease, name);
          throw error;
        }
      });
      progress.report(`checkpoint ${name} has the disks of ${lease.machines.length} machines`);
    },
    async restore(name, progress) {
      const known = await whole();
      if (!known.includes(name)) throw unknown(lease, name, known);
      await whileOff(context, lease, powerless, progress, `restore of checkpoint ${name}`, () => restoreDisks(context, lease, name, restoreLimitMs, progress.signal));
      progress.report(`the machines are back at checkpoint ${name}`);
    },
    list: whole,
    async remove(name) {
      refuseStrange(name);
      await removeSnapshots(context, lease, name);
    },
  };
}

function running(lease: Lease, powerless: Powerless): Machine[] {
  return lease.machines.filter(({ name }) => !powerless.has(powerlessKey(lease, name)));
}

/** A cut takes along what is not on the disks yet; whoever asks for a checkpoint means what was written. */
async function flush(machines: readonly Machine[], signal: AbortSignal): Promise<void> {
  await settle(() => undefined, machines.map(async (machine) => {
    const { exitCode, stderr } = await sshHost(machine, [], { signal }).exec(['sync'], { limitMs: FLUSH_LIMIT });
    if (exitCode !== 0) throw new Error(`sync on ${machine.name} ended with ${exitCode}: ${stderr}`);
  }));
}

/** Whatever becomes of the work: the machines that ran before run again afterwards. */
async function whileOff(context: Context, lease: Lease, powerless: Powerless, progress: Progress, what: string, work: () => Promise<void>): Promise<void> {
  const machines = running(lease, powerless);
  let failure: { readonly error: unknown } | undefined;
  try {
    await cutPower(context, lease, machines, powerless);
    await work();
  } catch (error) {
    failure = { error };
  }
  if (failure?.error instanceof MixedDisks) {
    throw failed(lease, `${what}: ${reason(failure.error)}; the machines stay off, for their disks are of different moments`, failure.error);
  }
  if (progress.signal.aborted) {
    // Whoever interrupts does not wait for logins; the machines' owner is about to release them.
    await Promise.allSettled(machines.map(({ name }) => setStrategy(context, lease, name, 'Once')));
    for (const { name } of machines) powerless.delete(powerlessKey(lease, name));
    throw progress.signal.reason;
  }
  try {
    await startMachines(context, lease, machines, powerless, progress.signal);
  } catch (error) {
    throw failed(lease, `${what}: ${failure === undefined ? '' : `${reason(failure.error)}; then `}the machines did not come back: ${reason(error)}`, error);
  }
  if (failure !== undefined) throw failed(lease, `${what}: ${reason(failure.error)}; the machines run again on the disks that they had`, failure.error);
}

function reason(error: unknown): string {
  if (error instanceof ProofgridError) return error.what;
  return error instanceof Error ? error.message : String(error);
}

function failed({ id, cell }: Lease, what: string, cause: unknown): ProofgridError {
  return new ProofgridError({ code: 'CHECKPOINT_FAILED', fault: 'infrastructure', what: `lease ${id} of cell ${cell}: ${what}`, remedy: 'see what KubeVirt and the storage say of it, and run it again', cause });
}

function refuseStrange(name: string): void {
  if (NAME.test(name)) return;
  throw new ProofgridError({ code: 'CHECKPOINT_NAME', fault: 'usage', what: `${JSON.stringify(name)} is no name for a checkpoint`, remedy: 'use at most 20 small letters, digits and dashes' });
}

function exists({ id }: Lease, name: string): ProofgridError {
  return new ProofgridError({ code: 'CHECKPOINT_EXISTS', fault: 'usage', what: `lease ${id} has a checkpoint ${name} already`, remedy: 'remove it, or use another name' });
}

function unknown({ id }: Lease, name: string, known: readonly string[]): ProofgridError {
  return new ProofgridError({ code: 'CHECKPOINT_UNKNOWN', fault: 'usage', what: `lease ${id} has no checkpoint ${JSON.stringify(name)}`, remedy: known.length === 0 ? 'take one first' : `it has ${known.join(', ')}` });
}
