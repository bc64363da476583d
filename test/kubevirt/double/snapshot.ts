import { quantity } from './quantity.ts';
import type { ApiObject } from '../api-client.ts';
import { machineOf, type Context } from './context.ts';
import { claims } from './guest.ts';
import { path } from './kinds.ts';
import { differs, mergeConditions, type Condition } from './status.ts';

const FINALIZER = 'snapshot.kubevirt.io/vmsnapshot-protection';
const SOURCE_FINALIZER = 'snapshot.kubevirt.io/snapshot-source-protection';
/** Milliseconds, KubeVirt's own. */
const DEADLINE = 300_000;

/**
 * virt-controller's VirtualMachineSnapshot controller (pkg/storage/snapshot): locks the machine, saves its disks, lets it go in
 * a step of its own. VirtualMachineSnapshotContents and VolumeSnapshots, which it makes on the way, are left out: nobody but
 * these controllers looks at them. Guests are not frozen; a snapshot of one that runs says so in `indications`.
 */
export async function stepSnapshot(context: Context, snapshot: ApiObject): Promise<void> {
  const { client, cache, backend } = context;
  const { namespace = '', name = '', uid = '', finalizers = [], deletionTimestamp } = snapshot.metadata;
  const at = path('VirtualMachineSnapshot', namespace, name);
  const source = cache.find('VirtualMachine', namespace, snapshot['spec'].source.name as string);
  if (deletionTimestamp !== undefined) {
    // not the cache: a lock laid a moment ago may not be in it yet, and nobody would lift it later
    const locked = source === undefined ? undefined : await client.find(path('VirtualMachine', namespace, source.metadata.name));
    if (locked !== undefined) await unlock(context, locked, name);
    if (finalizers.includes(FINALIZER)) await client.merge(at, { metadata: { finalizers: finalizers.filter((other) => other !== FINALIZER) } }).catch(gone);
    return;
  }
  const phase = snapshot['status']?.phase as string | undefined;
  if (phase === 'Succeeded' || phase === 'Failed') return source === undefined ? undefined : unlock(context, source, name);
  if (!finalizers.includes(FINALIZER)) return void (await client.merge(at, { metadata: { finalizers: [...finalizers, FINALIZER] } }));
  if (source === undefined) return;
  const left = Date.parse(snapshot.metadata['creationTimestamp'] as string) + deadline(snapshot) - Date.now();
  if (left < 0) {
    return update(context, snapshot, { phase: 'Failed', readyToUse: false }, [failure('snapshot deadline exceeded'), progressing('False', 'Operation failed'), ready('False', 'Not ready')]);
  }
  setTimeout(() => context.enqueue(namespace), left + 100).unref();
  if (source['status']?.snapshotInProgress !== name) return lock(context, source, name);
  if (context.faultOf(namespace, machineOf(source)) === 'snapshot-fails') {
    const message = `VolumeSnapshot vmsnapshot-${uid}-volume-root error: Failed to check and update snapshot content: no space left in the pool`;
    return update(context, snapshot, { phase: 'InProgress', readyToUse: false, error: { message } }, [progressing('False', 'In error state'), ready('False', 'Not ready')]);
  }
  const fit = volumeSnapshotStatuses(context, source).filter(({ enabled }) => enabled).map((volume) => volume.name);
  for (const volume of fit) await backend.saveDisk(namespace, machineOf(source), volume, `${uid}-${volume}`);
  // not the cache: instances and snapshots are watched apart, and the end of one may be seen after the beginning of the other
  const online = (await client.find(path('VirtualMachineInstance', namespace, source.metadata.name))) !== undefined;
  await update(
    context,
    snapshot,
    {
      ...{ phase: 'Succeeded', readyToUse: true, creationTime: now(), sourceUID: source.metadata.uid, virtualMachineSnapshotContentName: `vmsnapshot-content-${uid}` },
      ...(online ? { indications: ['GuestAgent', 'Online'] } : {}),
      snapshotVolumes: { includedVolumes: fit, excludedVolumes: volumesOf(source).map((volume) => volume['name'] as string).filter((volume) => !fit.includes(volume)) },
    },
    [progressing('False', 'Operation complete'), ready('True', 'Ready')],
  );
}

/** KubeVirt's word on each volume: only claims of a storage class with a VolumeSnapshotClass of the same driver. */
export function volumeSnapshotStatuses({ cache }: Context, machine: ApiObject): { name: string; enabled: boolean; reason?: string }[] {
  const namespace = machine.metadata.namespace ?? '';
  return volumesOf(machine).map((volume) => {
    const name = volume['name'] as string;
    const claim = claims([volume])[name];
    if (claim === undefined) return { name, enabled: false, reason: `Snapshot is not supported for this volumeSource type [${name}]` };
    const storageClass = cache.find('PersistentVolumeClaim', namespace, claim)?.['spec'].storageClassName as string | undefined;
    if (storageClass === undefined) return { name, enabled: false, reason: 'PVC not found' };
    const driver = cache.find('StorageClass', '', storageClass)?.['provisioner'] as string | undefined;
    if (cache.all('VolumeSnapshotClass').some((each) => each['driver'] === driver)) return { name, enabled: true };
    return { name, enabled: false, reason: `No VolumeSnapshotClass: Volume snapshots are not configured for this StorageClass [${storageClass}] [${name}]` };
  });
}

function volumesOf(machine: ApiObject): Record<string, unknown>[] {
  return (machine['spec'].template.spec.volumes ?? []) as Record<string, unknown>[];
}

async function lock({ client }: Context, machine: ApiObject, snapshot: string): Promise<void> {
  const at = path('VirtualMachine', machine.metadata.namespace ?? '', machine.metadata.name);
  const { finalizers = [] } = machine.metadata;
  if (!finalizers.includes(SOURCE_FINALIZER)) await client.merge(at, { metadata: { finalizers: [...finalizers, SOURCE_FINALIZER] } });
  await client.merge(`${at}/status`, { status: { snapshotInProgress: snapshot } });
}

async function unlock({ client }: Context, machine: ApiObject, snapshot: string): Promise<void> {
  if (machine['status']?.snapshotInProgress !== snapshot) return;
  const at = path('VirtualMachine', machine.metadata.namespace ?? '', machine.metadata.name);
  await client.merge(at, { metadata: { finalizers: (machine.metadata.finalizers ?? []).filter((other) => other !== SOURCE_FINALIZER) } }).catch(gone);
  await client.merge(`${at}/status`, { status: { snapshotInProgress: null } }).catch(gone);
}

/** `failureDeadline` as far as whole seconds go. */
function deadline({ spec }: ApiObject): number {
  const text = (spec.failureDeadline as string | undefined) ?? '';
  return /^\d+s$/.test(text) ? quantity(text.slice(0, -1)) * 1000 : DEADLINE;
}

async function update({ client }: Context, snapshot: ApiObject, status: Record<string, unknown>, conditions: readonly Condition[]): Promise<void> {
  const wanted = { ...status, conditions: mergeConditions(snapshot, conditions) };
  if (differs(snapshot, wanted)) await client.merge(`${path('VirtualMachineSnapshot', snapshot.metadata.namespace ?? '', snapshot.metadata.name)}/status`, { status: wanted });
}

export function progressing(status: Condition['status'], reason: string): Condition {
  return { type: 'Progressing', status, reason };
}

export function ready(status: Condition['status'], reason: string): Condition {
  return { type: 'Ready', status, reason };
}

function failure(reason: string): Condition {
  return { type: 'Failure', status: 'True', reason };
}

export function now(): string {
  return new Date().toISOString().replace(/\.\d+/, '');
}

export function gone(error: unknown): void {
  if ((error as { status?: number }).status !== 404) throw error as Error;
}
