import type { ApiObject } from '../api-client.ts';
import type { Context } from './context.ts';
import { owner } from './disk.ts';
import { path } from './kinds.ts';
import { volumeSnapshotStatuses } from './snapshot.ts';
import { differs, mergeConditions } from './status.ts';

const FINALIZER = 'kubevirt.io/virtualMachineControllerFinalize';
export const INSTANCE_FINALIZER = 'foregroundDeleteVirtualMachine';

/** virt-controller's VirtualMachine controller: an instance as the run strategy wants it, and the status for people. */
export async function stepVirtualMachine(context: Context, machine: ApiObject): Promise<void> {
  const { client, cache } = context;
  const { namespace = '', name = '', deletionTimestamp, finalizers = [] } = machine.metadata;
  const at = path('VirtualMachine', namespace, name);
  const instance = cache.find('VirtualMachineInstance', namespace, name);
  if (deletionTimestamp !== undefined) {
    if (instance !== undefined) await removeInstance(context, instance);
    else if (finalizers.includes(FINALIZER)) return void (await client.merge(at, { metadata: { finalizers: finalizers.filter((other) => other !== FINALIZER) } }).catch(gone));
  } else {
    if (!finalizers.includes(FINALIZER)) return void (await client.merge(at, { metadata: { finalizers: [...finalizers, FINALIZER] } }));
    if (wantsInstance(machine, instance)) await createInstance(context, machine);
    else if (instance !== undefined && mustGo(machine, instance)) await removeInstance(context, instance);
  }
  const phase = instance?.['status']?.phase as string | undefined;
  const status = {
    created: instance !== undefined,
    ready: isReady(instance),
    printableStatus: printable(context, machine, instance),
    runStrategy: strategyOf(machine),
    volumeSnapshotStatuses: volumeSnapshotStatuses(context, machine),
    conditions: mergeConditions(machine, [
      { type: 'Ready', status: isReady(instance) ? 'True' : 'False', ...(isReady(instance) ? {} : { reason: instance === undefined ? 'VMINotExists' : 'GuestNotRunning', message: instance === undefined ? 'VMI does not exist' : `Guest VM is not reported as running, phase ${phase ?? ''}` }) },
    ]),
  };
  if (differs(machine, status)) await client.merge(`${at}/status`, { status }).catch(gone);
}

function strategyOf({ spec }: ApiObject): string {
  return (spec.runStrategy as string | undefined) ?? (spec.running === true ? 'Always' : 'Halted');
}

function wantsInstance(machine: ApiObject, instance: ApiObject | undefined): boolean {
  return instance === undefined && ['Always', 'RerunOnFailure', 'Once'].includes(strategyOf(machine));
}

/** `Always` replaces what has ended, `RerunOnFailure` what has failed; `Once` leaves it as it is. */
function mustGo(machine: ApiObject, instance: ApiObject): boolean {
  const phase = instance['status']?.phase as string | undefined;
  if (strategyOf(machine) === 'Halted') return true;
  if (strategyOf(machine) === 'Always') return phase === 'Failed' || phase === 'Succeeded';
  return strategyOf(machine) === 'RerunOnFailure' && phase === 'Failed';
}

async function createInstance({ client }: Context, machine: ApiObject): Promise<void> {
  const { namespace = '', name = '', uid = '' } = machine.metadata;
  const { metadata = {}, spec } = machine['spec'].template as { metadata?: Record<string, unknown>; spec: object };
  await client.ensure(path('VirtualMachineInstance', namespace), {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstance',
    metadata: { ...metadata, name, finalizers: [INSTANCE_FINALIZER], ownerReferences: [owner(machine, name, uid)] },
    spec,
    status: { phase: 'Pending' },
  });
}

async function removeInstance({ client }: Context, instance: ApiObject): Promise<void> {
  const { namespace = '', name = '', deletionTimestamp } = instance.metadata;
  if (deletionTimestamp === undefined) await client.delete(path('VirtualMachineInstance', namespace, name));
}

function isReady(instance: ApiObject | undefined): boolean {
  const conditions = (instance?.['status']?.conditions ?? []) as { type: string; status: string }[];
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

/** The first that holds, in KubeVirt's own order. */
function printable({ cache }: Context, machine: ApiObject, instance: ApiObject | undefined): string {
  const phase = instance?.['status']?.phase as string | undefined;
  const conditions = (instance?.['status']?.conditions ?? []) as { type: string; status: string; reason?: string }[];
  const disks = cache.in('DataVolume', machine.metadata.namespace ?? '');
  const mine = ((machine['spec'].template.spec.volumes ?? []) as { dataVolume?: { name: string } }[]).flatMap(({ dataVolume }) => dataVolume?.name ?? []);
  const volumes = mine.map((name) => disks.find(({ metadata }) => metadata.name === name));
  if (machine.metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (instance?.metadata.deletionTimestamp !== undefined) return 'Stopping';
  if (conditions.some(({ type, status }) => type === 'Paused' && status === 'True')) return 'Paused';
  if (phase === 'Running') return 'Running';
  if (instance !== undefined && volumes.includes(undefined)) return 'DataVolumeNotFound';
  if (volumes.some((volume) => volume?.['status']?.phase === 'Failed' || (volume?.['status']?.restartCount ?? 0) > 0)) return 'DataVolumeError';
  if (conditions.some(({ type, status, reason }) => type === 'PodScheduled' && status === 'False' && reason === 'Unschedulable')) return 'ErrorUnschedulable';
  if (instance !== undefined && volumes.some((volume) => !['Succeeded', 'PendingPopulation'].includes(volume?.['status']?.phase as string))) return 'Provisioning';
  if (phase === 'Pending' || phase === 'Scheduling' || phase === 'Scheduled') return 'Starting';
  return 'Stopped';
}

function gone(error: unknown): void {
  if ((error as { status?: number }).status !== 404) throw error as Error;
}
