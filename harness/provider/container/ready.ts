import { closeSshMasters, sshHost } from '../../machine/ssh.ts';
import { failedUnits, greets } from '../../machine/login.ts';
import { throughMaster } from '../../machine/ssh-master.ts';
import type { Machine } from '../contract.ts';
import { waitFor } from '../wait.ts';
import type { Engine } from './engine.ts';
import { MachineStartError } from '../start-error.ts';

/** Milliseconds. One machine takes 1 s and five together 4 s here; a busy host with slow disks may take ten times that. */
export const READY_LIMIT = 90_000;
/** Milliseconds. Short, because every millisecond of it is a millisecond of every run. */
const POLL = 25;
/** The stages of a machine's start, in their order. */
type Stage = 'created' | 'started' | 'ssh login' | 'systemd running';

/** Runs one stage of a machine's start; whatever fails in it carries the stage's name and the console. */
export async function stage<T>(engine: Engine, machine: string, container: string, name: Stage, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const console = await engine.logs(container).catch(() => '');
    throw new MachineStartError({ machine, stage: name, reason: cause instanceof Error ? cause.message : String(cause), console, cause });
  }
}

/** Proves that a started machine can be used: a real SSH login, and systemd done with its start. Resolves with its failed units. */
export async function untilReady(engine: Engine, machine: Machine, container: string, signal: AbortSignal): Promise<string[]> {
  await closeSshMasters([machine]);
  const host = sshHost(machine, [], { signal });
  await stage(engine, machine.name, container, 'ssh login', async () => {
    const wait = { name: `SSH login on ${machine.name}`, limitMs: READY_LIMIT, intervalMs: POLL, signal };
    const lookAfter = refuseStopped(engine, container);
    await waitFor(wait, async () => ((await greets(machine)) ? true : lookAfter()));
    await throughMaster(machine);
  });
  return stage(engine, machine.name, container, 'systemd running', () => failedUnits(host, READY_LIMIT));
}

/** Ends the wait at once when the machine has died; asks once a second, since that costs more than a connection attempt. */
function refuseStopped(engine: Engine, container: string): () => Promise<undefined> {
  let looked = performance.now();
  return async () => {
    if (performance.now() - looked < 1000) return;
    looked = performance.now();
    const state = await engine.state(container);
    if (state !== 'running') throw new Error(`the machine is ${state ?? 'gone'}`);
  };
}
