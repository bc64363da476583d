import { closeSshMasters } from '../../machine/ssh.ts';
import type { Lease, Machine, Power } from '../contract.ts';
import { settle } from '../settle.ts';
import { waitFor } from '../wait.ts';
import { watchCell, type CellView } from './cell-view.ts';
import type { Context } from './context.ts';
import { gone } from './heartbeat.ts';
import { machineOfLease } from '../machine-of.ts';
import { namespaceOf } from './names.ts';
import type { RunStrategy, VirtualMachineInstance } from './objects.ts';
import { untilReady } from './ready.ts';

/** Milliseconds: no grace is given, so KubeVirt needs them for itself alone. */
const OFF_LIMIT = 60_000;

/** `<lease>/<machine>` of those that are off on purpose, so that nobody takes them for lost. */
export type Powerless = Set<string>;

export const powerlessKey = (lease: Lease, machine: string): string => `${lease.id}/${machine}`;

/**
 * Power as a person at the socket has it: the instance is ended without grace and made anew; disks stay. Only for sites
 * with static addresses: on the pod network a machine comes back with another one.
 */
export function createPower(context: () => Promise<Context>, powerless: Powerless): Power {
  return {
    async off(lease, name) {
      await cutPower(await context(), lease, [machineOfLease(lease, name)], powerless);
    },
    async on(lease, name, { signal, report }) {
      await startMachines(await context(), lease, [machineOfLease(lease, name)], powerless, signal);
      report(`machine ${name} is on again`);
    },
  };
}

/** All at once; resolves when none of them runs. */
export async function cutPower(context: Context, lease: Lease, machines: readonly Machine[], powerless: Powerless): Promise<void> {
  for (const { name } of machines) {
    powerless.add(powerlessKey(lease, name));
    // whichever instance comes after this is meant to come
    context.instances.delete(powerlessKey(lease, name));
  }
  await settle(() => undefined, machines.map(({ name }) => setStrategy(context, lease, name, 'Halted')));
  await settle(() => undefined, machines.map(async ({ name }) => {
    const place = { kind: 'VirtualMachineInstance', namespace: namespaceOf(lease.id), name } as const;
    await waitFor({ name: `power of ${name} off`, limitMs: OFF_LIMIT, intervalMs: 250 }, async () =>
      (await context.client.get<VirtualMachineInstance>(place)) === undefined ? true : undefined);
  }));
  await closeSshMasters(machines);
}

/** Resolves after a proven SSH login on each, at the addresses that they had. */
export async function startMachines(context: Context, lease: Lease, machines: readonly Machine[], powerless: Powerless, signal: AbortSignal): Promise<void> {
  await settle(() => undefined, machines.map(({ name }) => setStrategy(context, lease, name, 'Once')));
  await provenLogins(context, lease, machines, signal);
  for (const { name } of machines) powerless.delete(powerlessKey(lease, name));
}

export async function provenLogins(context: Context, lease: Lease, machines: readonly Machine[], signal: AbortSignal): Promise<void> {
  const watching = new AbortController();
  const ended = AbortSignal.any([signal, watching.signal]);
  const view = patient(await watchCell(context.client, namespaceOf(lease.id), ended));
  const untilLogin = (machine: Machine) => {
    const same = async (address: string): Promise<Machine> => {
      if (address === machine.address) return machine;
      throw new Error(`it came back with the address ${address} instead of ${machine.address}`);
    };
    return untilReady(context, view, { id: lease.id, name: machine.name, dataVolumes: [], machine: same }, ended);
  };
  try {
    await settle((reason) => watching.abort(reason), machines.map(untilLogin));
  } finally {
    watching.abort();
  }
}

/** The next state of every machine, whatever runs in it at the moment. @throws ProofgridError LEASE_GONE */
export async function setStrategy({ client }: Context, lease: Lease, name: string, runStrategy: RunStrategy): Promise<void> {
  const place = { kind: 'VirtualMachine', namespace: namespaceOf(lease.id), name } as const;
  if ((await client.merge(place, { spec: { runStrategy } })) === undefined) throw gone(lease.id, lease.cell);
}

/** The quota counts a pod for a moment after it is gone, and KubeVirt tries again: no reason to give a machine up that had room before. */
function patient(view: CellView): CellView {
  return {
    ...view,
    machine(name) {
      const seen = view.machine(name);
      if (seen.instance === undefined) return seen;
      const conditions = seen.instance.status?.conditions?.filter(({ type, message }) => !(type === 'Synchronized' && /exceeded quota/.test(message ?? '')));
      return { ...seen, instance: { ...seen.instance, status: { ...seen.instance.status, ...(conditions === undefined ? {} : { conditions }) } } };
    },
  };
}
