import { ApiError, type ApiObject } from '../api-client.ts';
import { machineOf, makeOnce, type Context } from './context.ts';
import { owner } from './disk.ts';
import { claims } from './guest.ts';
import { path } from './kinds.ts';
import { gone, now, progressing, ready } from './snapshot.ts';
import { differs, mergeConditions, type Condition } from './status.ts';

const FINALIZER = 'snapshot.kubevirt.io/vmrestore-protection';

interface VolumeRestore {
  readonly volumeName: string;
  readonly persistentVolumeClaim: string;
  readonly volumeSnapshotName: string;
}

/**
 * virt-controller's VirtualMachineRestore controller (pkg/storage/snapshot): waits until the machine is off, locks it, makes new
 * claims, puts them in the place of the machine's DataVolumes, lets it go in a step of its own. The old ones stay where they are.
 */
export async function stepRestore(context: Context, restore: ApiObject): Promise<void> {
  const { client, cache } = context;
  const { namespace = '', name = '', finalizers = [], deletionTimestamp } = restore.metadata;
  const at = path('VirtualMachineRestore', namespace, name);
  const target = cache.find('VirtualMachine', namespace, restore['spec'].target.name as string);
  if (deletionTimestamp !== undefined) {
    if (target !== undefined) await unlock(context, target, name);
    if (finalizers.includes(FINALIZER)) await client.merge(at, { metadata: { finalizers: finalizers.filter((other) => other !== FINALIZER) } }).catch(gone);
    return;
  }
  if (target === undefined) return;
  if (restore['status']?.complete === true) return unlock(context, target, name);
  if (!finalizers.includes(FINALIZER)) return void (await client.merge(at, { metadata: { finalizers: [...finalizers, FINALIZER] } }));
  if (cache.find('VirtualMachineInstance', namespace, target.metadata.name) !== undefined) {
    return update(context, restore, { complete: false }, [progressing('False', 'Waiting for target to be ready'), ready('False', 'Waiting for target to be ready')]);
  }
  const snapshot = cache.find('VirtualMachineSnapshot', namespace, restore['spec'].virtualMachineSnapshotName as string);
  if (snapshot?.['status']?.readyToUse !== true) return failed(context, restore, `VMSnapshot ${namespace}/${String(restore['spec'].virtualMachineSnapshotName)} does not exist`);
  if (target['status']?.restoreInProgress !== name) return void (await client.merge(`${path('VirtualMachine', namespace, target.metadata.name)}/status`, { status: { restoreInProgress: name } }));
  if (context.faultOf(namespace, machineOf(target)) === 'restore-fails') return failed(context, restore, 'missing volumeSnapshot');
  await volumes(context, restore, target, snapshot);
}

async function volumes(context: Context, restore: ApiObject, target: ApiObject, snapshot: ApiObject): Promise<void> {
  const { client, cache, backend } = context;
  const { namespace = '', uid = '' } = restore.metadata;
  const included = (snapshot['status'].snapshotVolumes?.includedVolumes ?? []) as string[];
  const restores = included.map((volume): VolumeRestore => ({
    volumeName: volume,
    persistentVolumeClaim: `restore-${uid}-${volume}`,
    volumeSnapshotName: `vmsnapshot-${snapshot.metadata.uid ?? ''}-volume-${volume}`,
  }));
  const status = { complete: false, restores };
  const waiting = [progressing('True', 'Creating new PVCs'), ready('False', 'Waiting for new PVCs')];
  if (differs(restore, status)) return update(context, restore, status, waiting);
  const spec = target['spec'].template.spec as { volumes: Record<string, unknown>[] };
  const before = claims(spec.volumes);
  const made = restores.map(({ persistentVolumeClaim }) => cache.find('PersistentVolumeClaim', namespace, persistentVolumeClaim));
  for (const [index, { volumeName, persistentVolumeClaim }] of restores.entries()) {
    if (made[index] !== undefined) continue;
    const source = cache.find('PersistentVolumeClaim', namespace, before[volumeName]);
    if (source === undefined) return failed(context, restore, `no claim of volume ${volumeName}`);
    try {
      await makeOnce(context, `claim/${persistentVolumeClaim}`, async () => client.ensure(path('PersistentVolumeClaim', namespace), restoredClaim(persistentVolumeClaim, source, target)));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 403) throw error;
      setTimeout(() => context.enqueue(namespace), 500).unref();
      return failed(context, restore, error.message, restores);
    }
  }
  if (made.some((claim) => claim?.['status']?.phase !== 'Bound')) return update(context, restore, status, waiting);
  for (const { volumeName, persistentVolumeClaim } of restores) await backend.fillDisk(namespace, persistentVolumeClaim, `${snapshot.metadata.uid ?? ''}-${volumeName}`);
  const exchanged = spec.volumes.map((volume) => {
    const found = restores.find(({ volumeName }) => volumeName === volume['name']);
    return found === undefined ? volume : { name: found.volumeName, persistentVolumeClaim: { claimName: found.persistentVolumeClaim } };
  });
  await client.merge(path('VirtualMachine', namespace, target.metadata.name), { spec: { template: { spec: { volumes: exchanged } } } });
  await update(context, restore, { complete: true, restoreTime: now() }, [progressing('False', 'Operation complete'), ready('True', 'Operation complete')]);
}

/** Like the claim that was saved, and the machine's own; what it was filled from, CSI alone would look at. */
function restoredClaim(name: string, { metadata: { labels }, spec }: ApiObject, target: ApiObject): object {
  const { accessModes, resources, storageClassName, volumeMode } = spec as Record<string, unknown>;
  return {
    metadata: { name, labels: { ...labels, 'restore.kubevirt.io/source-vm-name': target.metadata.name }, ownerReferences: [owner(target, target.metadata.name ?? '', target.metadata.uid ?? '')] },
    spec: { accessModes, resources, storageClassName, volumeMode },
  };
}

async function unlock({ client }: Context, machine: ApiObject, restore: string): Promise<void> {
  if (machine['status']?.restoreInProgress !== restore) return;
  await client.merge(`${path('VirtualMachine', machine.metadata.namespace ?? '', machine.metadata.name)}/status`, { status: { restoreInProgress: null } }).catch(gone);
}

/** KubeVirt tries again and says why it has to. */
async function failed(context: Context, restore: ApiObject, why: string, restores?: readonly VolumeRestore[]): Promise<void> {
  await update(context, restore, { complete: false, ...(restores === undefined ? {} : { restores }) }, [progressing('False', why), ready('False', why)]);
}

async function update({ client }: Context, restore: ApiObject, status: Record<string, unknown>, conditions: readonly Condition[]): Promise<void> {
  const wanted = { ...status, conditions: mergeConditions(restore, conditions) };
  if (differs(restore, wanted)) await client.merge(`${path('VirtualMachineRestore', restore.metadata.namespace ?? '', restore.metadata.name)}/status`, { status: wanted });
}
