import { ApiError, type ApiObject } from '../api-client.ts';
import { event, machineOf, makeOnce, type Context } from './context.ts';
import { path } from './kinds.ts';
import { differs, mergeConditions, type Condition } from './status.ts';

/** Storage class that every test cluster has. */
export const STORAGE_CLASS = 'standard';
export const SNAPSHOT_CLASS = 'standard-snapshots';
export const PROVISIONER = 'double.test/disk';

/** CDI: a claim for every DataVolume, and its phases. https://github.com/kubevirt/containerized-data-importer/blob/main/doc/datavolumes.md */
export async function stepDataVolume(context: Context, volume: ApiObject): Promise<void> {
  const { namespace = '', name = '', deletionTimestamp } = volume.metadata;
  if (deletionTimestamp !== undefined) return;
  const claim = context.cache.find('PersistentVolumeClaim', namespace, name);
  if (claim === undefined) return createClaim(context, volume);
  const phase = volume['status']?.phase as string | undefined;
  if (phase === 'Succeeded') return;
  if (claim['status']?.phase !== 'Bound') {
    return update(context, volume, { phase: 'Pending', claimName: name }, [bound('False', 'PVCPending', `PVC ${name} Pending`), ready('False')]);
  }
  if (context.faultOf(namespace, machineOf(volume)) === 'import-fails') {
    const message = 'Unable to process data: Unable to transfer source data to target: error fetching image: manifest unknown';
    const running: Condition = { type: 'Running', status: 'False', reason: 'Error', message };
    const status = { phase: 'ImportInProgress', progress: 'N/A', claimName: name, restartCount: 3 };
    await update(context, volume, status, [bound('True', 'Bound', `PVC ${name} Bound`), running, ready('False', 'Error', message)]);
    return event(context, volume, 'Warning', 'Error', message);
  }
  await update(context, volume, { phase: 'Succeeded', progress: '100.0%', claimName: name }, [
    bound('True', 'Bound', `PVC ${name} Bound`),
    { type: 'Running', status: 'False', reason: 'Completed', message: 'Import Complete' },
    ready('True'),
  ]);
}

async function createClaim(context: Context, volume: ApiObject): Promise<void> {
  const { namespace = '', name = '', uid = '', labels } = volume.metadata;
  const storage = (volume['spec'].storage ?? volume['spec'].pvc) as Record<string, unknown>;
  try {
    await makeOnce(context, `claim/${uid}`, async () =>
      context.client.ensure(path('PersistentVolumeClaim', namespace), {
        metadata: { name, labels, ownerReferences: [owner(volume, name, uid)] },
        spec: { accessModes: ['ReadWriteOnce'], storageClassName: STORAGE_CLASS, ...storage },
      }),
    );
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    await event(context, volume, 'Warning', 'ErrExceededQuota', error.message);
    await update(context, volume, { phase: 'Pending' }, [bound('Unknown', 'NotFound', 'No PVC found'), ready('False', 'ErrExceededQuota', error.message)]);
  }
}

/** The provisioner: a volume for every claim; kube-controller-manager binds the two. */
export async function stepClaim(context: Context, claim: ApiObject): Promise<void> {
  const { namespace = '', name = '', uid = '', deletionTimestamp } = claim.metadata;
  if (deletionTimestamp !== undefined || claim['status']?.phase === 'Bound') return;
  if (context.faultOf(namespace, machineOf(claim)) === 'claim-pending') {
    return event(context, claim, 'Warning', 'ProvisioningFailed', 'failed to provision volume with StorageClass "standard": no space left in the pool');
  }
  await context.client.ensure('/api/v1/persistentvolumes', {
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
  const wanted = { ...status, conditions: mergeConditions(volume, conditions) };
  if (!differs(volume, wanted)) return;
  await client.merge(path('DataVolume', volume.metadata.namespace ?? '', volume.metadata.name), { status: wanted });
}
