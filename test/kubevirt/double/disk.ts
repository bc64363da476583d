import { ApiError, type ApiObject } from '../api-client.ts';
import { event, machineOf, makeOnce, type Context } from './context.ts';
import { path } from './kinds.ts';
import { differs, mergeConditions, type Condition } from './status.ts';
import { SELECTED_NODE, storageClassOf, STORAGE_CLASS, waitsForConsumer } from './storage-class.ts';
import { POD_PHASE, RUNNING_MESSAGE, RUNNING_REASON, restartsOf, stepWorker } from './worker.ts';

/** AnnUsePopulator, CDI pkg/controller/common/util.go. */
const POPULATED = 'cdi.kubevirt.io/storage.usePopulator';

/**
 * CDI: a claim for every DataVolume, a worker that fills it, and the phases (updateStatusPVCPending in
 * pkg/controller/datavolume/controller-base.go, updateStatusPhase in import-controller.go).
 */
export async function stepDataVolume(context: Context, volume: ApiObject): Promise<void> {
  const { namespace = '', name = '', deletionTimestamp } = volume.metadata;
  if (deletionTimestamp !== undefined || volume['status']?.phase === 'Succeeded') return;
  const claim = context.cache.find('PersistentVolumeClaim', namespace, name);
  if (claim === undefined) return createClaim(context, volume);
  if (storageClassOf(claim).populators) return populate(context, volume, claim);
  if (claim['status']?.phase !== 'Bound') return update(context, volume, { phase: waitsForConsumer(claim) ? 'WaitForFirstConsumer' : 'Pending' }, [bound('False', 'Pending', `PVC ${name} Pending`), ready('False')]);
  await stepWorker(context, volume, claim);
  await report(context, volume, claim, bound('True', 'Bound', `PVC ${name} Bound`));
}

/** The populator fills a claim of its own, and the disk's stays Pending until it gets that one's volume (pkg/controller/populators/populator-base.go). */
async function populate(context: Context, volume: ApiObject, claim: ApiObject): Promise<void> {
  const { namespace = '', name = '', uid = '' } = claim.metadata;
  if (claim['status']?.phase === 'Bound') return update(context, volume, { phase: 'Succeeded', progress: '100.0%' }, [bound('True', 'Bound', `PVC ${name} Bound`), { type: 'Running', status: 'False', reason: 'Completed', message: 'Import Complete' }, ready('True')]);
  if (waitsForConsumer(claim)) return update(context, volume, { phase: 'PendingPopulation' }, [bound('False', 'Pending', `PVC ${name} Pending`), ready('False')]);
  const primeName = `prime-${uid}`;
  const pending = bound('False', 'Pending', `PVC ${name} [Prime PVC ${primeName}] Pending`);
  const prime = context.cache.find('PersistentVolumeClaim', namespace, primeName);
  if (prime === undefined) {
    await makePrime(context, claim, primeName);
    return update(context, volume, { phase: 'ImportScheduled' }, [pending, ready('False')]);
  }
  await stepWorker(context, volume, prime);
  if (prime.metadata.annotations?.[POD_PHASE] !== 'Succeeded') return report(context, volume, prime, pending);
  await provision(context, claim);
  await context.client.delete(path('PersistentVolumeClaim', namespace, primeName));
}

/** createPVCPrime: of the same size, on the node that was chosen for the disk's; bound at once. */
async function makePrime(context: Context, claim: ApiObject, name: string): Promise<void> {
  const { namespace = '', uid = '', annotations = {}, name: target = '' } = claim.metadata;
  const { accessModes, resources, storageClassName, volumeMode } = claim['spec'] as Record<string, unknown>;
  const node = annotations[SELECTED_NODE];
  await makeOnce(context, `prime/${uid}`, async () => context.client.ensure(path('PersistentVolumeClaim', namespace), {
    metadata: {
      name,
      labels: { app: 'containerized-data-importer' },
      annotations: { 'cdi.kubevirt.io/storage.bind.immediate.requested': '', ...(node === undefined ? {} : { [SELECTED_NODE]: node }) },
      ownerReferences: [owner({ ...claim, apiVersion: 'v1', kind: 'PersistentVolumeClaim' }, target, uid)],
    },
    spec: { accessModes, resources, storageClassName, volumeMode },
  }));
}

/** What the worker's claim says, as the DataVolume's status: a worker that cannot start leaves the import scheduled. */
async function report(context: Context, volume: ApiObject, filled: ApiObject, isBound: Condition): Promise<void> {
  const { [POD_PHASE]: worker, [RUNNING_REASON]: reason = '', [RUNNING_MESSAGE]: message = '' } = filled.metadata.annotations ?? {};
  const phase = worker === 'Succeeded' ? 'Succeeded' : worker === 'Running' ? 'ImportInProgress' : 'ImportScheduled';
  const running: Condition = { type: 'Running', status: 'False', reason, message };
  const restartCount = restartsOf(filled);
  await update(context, volume, { phase, progress: phase === 'Succeeded' ? '100.0%' : 'N/A', restartCount }, [isBound, running, phase === 'Succeeded' ? ready('True') : ready('False', reason === 'Error' ? 'Error' : undefined, message)]);
  // after the status, as emitConditionEvent (pkg/controller/datavolume/conditions.go) has it
  if (reason === 'Error') await event(context, volume, 'Warning', 'Error', message);
}

async function createClaim(context: Context, volume: ApiObject): Promise<void> {
  const { namespace = '', name = '', uid = '', labels, annotations = {} } = volume.metadata;
  const storage = (volume['spec'].storage ?? volume['spec'].pvc) as Record<string, unknown>;
  const { populators } = storageClassOf(volume);
  try {
    await makeOnce(context, `claim/${uid}`, async () =>
      context.client.ensure(path('PersistentVolumeClaim', namespace), {
        metadata: { name, labels, annotations: { ...annotations, ...(populators ? { [POPULATED]: 'true' } : {}) }, ownerReferences: [owner(volume, name, uid)] },
        spec: { accessModes: ['ReadWriteOnce'], storageClassName: STORAGE_CLASS, ...storage },
      }),
    );
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    await event(context, volume, 'Warning', 'ErrExceededQuota', error.message);
    await update(context, volume, { phase: 'Pending' }, [bound('Unknown', 'ErrExceededQuota', error.message), ready('False', 'ErrExceededQuota', error.message)]);
  }
}

/** The provisioner: a volume for every claim that is not populated; kube-controller-manager binds the two. */
export async function stepClaim(context: Context, claim: ApiObject): Promise<void> {
  const { namespace = '', annotations = {}, ownerReferences: [parent] = [], deletionTimestamp } = claim.metadata;
  if (deletionTimestamp !== undefined || claim['status']?.phase === 'Bound') return;
  // the worker's claim has no label of its machine
  const target = parent?.kind === 'PersistentVolumeClaim' ? (context.cache.find('PersistentVolumeClaim', namespace, parent.name) ?? claim) : claim;
  if (context.faultOf(namespace, machineOf(target)) === 'claim-pending') {
    return event(context, claim, 'Warning', 'ProvisioningFailed', 'failed to provision volume with StorageClass "standard": no space left in the pool');
  }
  const waits = storageClassOf(claim).waits && annotations[SELECTED_NODE] === undefined;
  if (annotations[POPULATED] === undefined && !waits) await provision(context, claim);
}

async function provision({ client }: Context, claim: ApiObject): Promise<void> {
  const { namespace = '', name = '', uid = '' } = claim.metadata;
  await client.ensure('/api/v1/persistentvolumes', {
    metadata: { name: `pvc-${uid}` },
    spec: {
      accessModes: claim['spec'].accessModes,
      capacity: claim['spec'].resources.requests,
      storageClassName: claim['spec'].storageClassName,
      volumeMode: claim['spec'].volumeMode,
      persistentVolumeReclaimPolicy: 'Retain',
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid },
      hostPath: { path: `/nowhere/${uid}` },
    },
  });
}

/** Volumes go with their claims; Kubernetes leaves that to whoever provisioned them. */
export async function stepVolume({ client }: Context, volume: ApiObject): Promise<void> {
  if (volume['status']?.phase === 'Released') await client.delete(`/api/v1/persistentvolumes/${volume.metadata.name ?? ''}`);
}

export function owner({ apiVersion = '', kind = '' }: ApiObject, name: string, uid: string): object {
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}

function bound(status: Condition['status'], reason: string, message: string): Condition {
  return { type: 'Bound', status, reason, message };
}

function ready(status: Condition['status'], reason?: string, message?: string): Condition {
  return { type: 'Ready', status, ...(reason === undefined ? {} : { reason }), ...(message === undefined ? {} : { message }) };
}

/** DataVolumes have no status subresource. */
async function update({ client }: Context, volume: ApiObject, status: Record<string, unknown>, conditions: readonly Condition[]): Promise<void> {
  const { namespace = '', name = '' } = volume.metadata;
  const wanted = { claimName: name, ...status, conditions: mergeConditions(volume, conditions) };
  if (!differs(volume, wanted)) return;
  await client.merge(path('DataVolume', namespace, name), { status: wanted });
}
