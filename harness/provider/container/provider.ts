import { rm } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { ProofgridError } from '../../../lifecycle/error.ts';
import { closeSshMasters } from '../../machine/ssh.ts';
import type { Lease, Provider } from '../contract.ts';
import { acquire } from './acquire.ts';
import { detectEngine, refuseWithoutRoot } from './detect.ts';
import type { Engine } from './engine.ts';
import { findLease } from './find.ts';
import { renewLease } from './heartbeat.ts';
import { containerName } from './machine-spec.ts';
import { listLeases } from './list.ts';
import { DEFAULT_POOL } from './network.ts';
import { createPower } from './power.ts';
import { reap } from './reap.ts';
import { removeLease } from './removal.ts';

export interface ContainerProviderOptions {
  /** Found by itself when not given: podman, else docker. */
  readonly engine?: Engine;
  /** First two octets of the leases' networks. */
  readonly pool?: string;
}

/** Machines as containers of this host that run systemd and sshd. */
export function createContainerProvider({ engine: given, pool = DEFAULT_POOL }: ContainerProviderOptions = {}): Provider & Required<Pick<Provider, 'power' | 'console'>> {
  let detected: Promise<Engine> | undefined;
  const engine = () => (detected ??= given === undefined ? detectEngine() : Promise.resolve(given));
  return {
    name: 'container',
    capacity: async () => ({
      cpus: availableParallelism(),
      memory: totalmem(),
      leases: (await (await engine()).volumes()).length,
    }),
    refuseImpossible: async () => refuseWithoutRoot(),
    acquire: async (request, progress) => acquire(await engine(), pool, request, progress),
    heartbeat: async (lease) => renewLease(await engine(), lease, {}),
    keep: async (lease, timeToLive) => renewLease(await engine(), lease, { kept: true, timeToLive }),
    find: async (id, directory) => findLease(await engine(), id, directory),
    release: async (lease) => release(await engine(), lease),
    reap: async (options) => reap(await engine(), options),
    list: async () => listLeases(await engine()),
    power: createPower(engine),
    console: { read: async (lease, machine) => (await engine()).logs(containerName(lease.id, machine)) },
  };
}

async function release(engine: Engine, lease: Lease): Promise<void> {
  await closeSshMasters(lease.machines);
  const left = await removeLease(engine, lease.id).catch((reason: unknown) => [String(reason)]);
  if (left.length > 0) {
    throw new ProofgridError({
      code: 'LEASE_LEAKED',
      fault: 'leaked',
      what: `not everything of lease ${lease.id} (cell ${lease.cell}) could be removed: ${left.join(', ')}`,
      remedy: 'run proofgrid reap',
    });
  }
  // A key that opens nothing any more is still a secret lying around.
  const directories = lease.machines.map(({ identityFile }) => identityFile);
  await Promise.all([...new Set(directories)].flatMap((path) => [path, `${path}.pub`]).map((path) => rm(path, { force: true })));
}
