import { closeSshMasters } from '../../machine/ssh.ts';
import type { Lease, Provider } from '../contract.ts';
import { missingCheckpoints, missingPower } from './abilities.ts';
import { acquire, type AcquireOptions } from './acquire.ts';
import { budgetOf } from './capacity.ts';
import { createCheckpoints, type CheckpointOptions } from './checkpoint.ts';
import { createContext, type Context, type ContextOptions } from './context.ts';
import { readEvidence } from './diagnosis.ts';
import { findLease } from './find.ts';
import { lostMachines, readLease, refuseLost, renewLease } from './heartbeat.ts';
import { removeKeys } from './keys.ts';
import type { LeaseFacts } from './lease.ts';
import { listLeases } from './list.ts';
import { namespaceOf } from './names.ts';
import { createPause } from './pause.ts';
import { createPower, powerlessKey } from './power.ts';
import { refuseImpossible } from './preflight.ts';
import { reap, siteLeases } from './reap.ts';
import { leaked, REMOVAL_LIMIT, removeLease } from './removal.ts';
import { runnerPod } from './runner-pod.ts';
import { loadSite, type Site } from './site.ts';

export interface KubevirtProviderOptions extends Omit<ContextOptions, 'site'>, AcquireOptions, CheckpointOptions {
  readonly site: Site;
}

export interface KubevirtProvider extends Provider {
  /** Requests sent so far, watches and repetitions included; for the benchmark. */
  requests(): Promise<number>;
  /** Ends connections and listeners; leases stay. */
  close(): Promise<void>;
}

/** Renewals after which machines are looked at: with one every 20 s that is under five requests a minute for a cell of one machine. */
const LOOK_EVERY = 2;

/** Every cell in a namespace of its own, with KubeVirt's virtual machines. Connects when it is first used. */
export function createKubevirtProvider(options: KubevirtProviderOptions): KubevirtProvider {
  const { removalLimitMs = REMOVAL_LIMIT } = options;
  let made: Promise<Context> | undefined;
  const context = () => (made ??= createContext(options));
  /** What a renewal needs to know, so that a heartbeat is one request. */
  const known = new Map<string, LeaseFacts>();
  const powerless = new Set<string>();
  const beats = new Map<string, number>();
  const renew = async ({ id, cell }: Lease, change: { readonly kept?: boolean; readonly timeToLive?: number }) => {
    const current = await context();
    const facts = known.get(id) ?? (await readLease(current, id, cell));
    known.set(id, await renewLease(current, { ...facts, ...change }));
  };
  const powerMissing = missingPower(options.site);
  return {
    name: 'kubevirt',
    goldenImages: true,
    async capacity(signal) {
      const current = await context();
      const [{ cpus = Number.POSITIVE_INFINITY, memory = Number.POSITIVE_INFINITY }, leases] = await Promise.all([budgetOf(current, signal), siteLeases(current, signal)]);
      return { cpus, memory, leases: leases.length };
    },
    refuseImpossible: async (wishes, signal) => refuseImpossible(await context(), wishes, signal),
    acquire: async (request, progress) => acquire(await context(), request, progress, options),
    async heartbeat(lease) {
      await renew(lease, {});
      const facts = known.get(lease.id);
      const beat = (beats.get(lease.id) ?? 0) + 1;
      beats.set(lease.id, beat);
      if (beat % LOOK_EVERY === 0 && facts !== undefined) await refuseLost(await context(), facts, powerless);
    },
    examine: async (lease) => lostMachines(await context(), lease.id, lease.machines.map(({ name }) => name), powerless),
    keep: (lease, timeToLive) => renew(lease, { kept: true, timeToLive }),
    find: async (id, directory) => findLease(await context(), id, directory),
    async release(lease) {
      known.delete(lease.id);
      beats.delete(lease.id);
      const { instances } = await context();
      for (const { name } of lease.machines) {
        powerless.delete(powerlessKey(lease, name));
        instances.delete(powerlessKey(lease, name));
      }
      await release(await context(), lease, removalLimitMs);
    },
    reap: async (request) => reap(await context(), request, removalLimitMs),
    list: async () => listLeases(await context()),
    ...(powerMissing === undefined ? { power: createPower(context, powerless) } : { missing: { power: powerMissing } }),
    pause: createPause(context),
    async checkpoints(lease) {
      const current = await context();
      const missing = await missingCheckpoints(current, lease);
      return missing === undefined ? createCheckpoints(current, lease, powerless, options) : { missing };
    },
    console: { read: async (lease, machine) => readEvidence((await context()).client, namespaceOf(lease.id), machine) },
    requests: async () => (made === undefined ? 0 : (await made).client.requests),
    async close() {
      if (made !== undefined) (await made).client.close();
    },
  };
}

/** The same with a site that is still to be read: a name of a shipped one, or a file. */
export async function openKubevirtProvider(options: Omit<KubevirtProviderOptions, 'site'> & { readonly site?: string }): Promise<KubevirtProvider> {
  return createKubevirtProvider({ ...options, site: await loadSite(options.site) });
}

async function release(context: Context, lease: Lease, limitMs: number): Promise<void> {
  await closeSshMasters(lease.machines);
  await context.tunnels.close(namespaceOf(lease.id));
  // of a lease that cannot be read (any more) it is most likely this runner's own shadow that is to go
  const facts = await readLease(context, lease.id, lease.cell).catch(() => undefined);
  const pod = facts?.runnerPod ?? (await runnerPod(context.client));
  const left = await removeLease(context, { id: lease.id, runnerPod: pod }, limitMs).catch((reason: unknown) => [String(reason)]);
  if (left.length > 0) throw leaked(lease.id, lease.cell, left);
  const directories = new Set(lease.machines.map(({ identityFile }) => identityFile.slice(0, identityFile.lastIndexOf('/'))));
  await Promise.all([...directories].map(removeKeys));
}
