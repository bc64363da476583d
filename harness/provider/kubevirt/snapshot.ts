import type { Lease } from '../contract.ts';
import { waitFor } from '../wait.ts';
import type { Context } from './context.ts';
import { claimOf, machinesOf } from './disks.ts';
import { LABEL, MANAGER, namespaceOf } from './names.ts';
import type { Condition, VirtualMachine, VirtualMachineSnapshot } from './objects.ts';

/** Milliseconds that KubeVirt tries, its own default: storage that copies takes minutes. */
export const SNAPSHOT_LIMIT = 300_000;
/** Milliseconds beyond it, until KubeVirt has noticed that its time is over and has given the machine free. */
const NOTICE = 60_000;
const REMOVAL_LIMIT = 120_000;
const LOOK = 500;

const API = 'snapshot.kubevirt.io/v1beta1';

export function checkpointLabels(lease: Lease, checkpoint: string, machine: string): Record<string, string> {
  return { [LABEL.managedBy]: MANAGER, [LABEL.lease]: lease.id, [LABEL.checkpoint]: checkpoint, [LABEL.machine]: machine };
}

/** Neither a checkpoint nor a machine has a dot in its name, so no two pairs share one. */
export function snapshotOf(lease: Lease, checkpoint: string, machine: string, limitMs: number): VirtualMachineSnapshot {
  return {
    apiVersion: API,
    kind: 'VirtualMachineSnapshot',
    metadata: { name: `${checkpoint}.${machine}`, namespace: namespaceOf(lease.id), labels: checkpointLabels(lease, checkpoint, machine) },
    spec: { source: { apiGroup: 'kubevirt.io', kind: 'VirtualMachine', name: machine }, failureDeadline: `${Math.ceil(limitMs / 1000)}s` },
  };
}

/** Of one checkpoint, or of all. */
export async function listSnapshots({ client }: Context, lease: Lease, checkpoint?: string, signal?: AbortSignal): Promise<readonly VirtualMachineSnapshot[]> {
  const labelSelector = `${LABEL.lease}=${lease.id},${LABEL.checkpoint}${checkpoint === undefined ? '' : `=${checkpoint}`}`;
  return (await client.list<VirtualMachineSnapshot>({ kind: 'VirtualMachineSnapshot', namespace: namespaceOf(lease.id) }, { labelSelector, signal })).items;
}

/** Whether every machine's disks are in it; what is left of a run that died is not. */
export function isWhole({ machines }: Lease, snapshots: readonly VirtualMachineSnapshot[]): boolean {
  return machines.every(({ name }) =>
    snapshots.some(({ metadata, spec, status }) => spec.source.name === name && metadata.deletionTimestamp === undefined && status?.readyToUse === true && status.phase === 'Succeeded'));
}

/** Snapshots of machines that are off; resolves when all can be used and KubeVirt lets go of the machines. */
export async function takeSnapshots(context: Context, lease: Lease, checkpoint: string, limitMs: number, signal: AbortSignal): Promise<void> {
  for (const { name } of lease.machines) await context.client.apply(snapshotOf(lease, checkpoint, name, limitMs), signal);
  let last = 'KubeVirt has not said anything';
  await waitFor({ name: `snapshots of ${lease.machines.length} machines`, limitMs: limitMs + NOTICE, intervalMs: LOOK, signal }, async () => {
    const [snapshots, machines] = await Promise.all([listSnapshots(context, lease, checkpoint, signal), machinesOf(context.client, lease, signal)]);
    for (const snapshot of snapshots) refuseFailed(snapshot, machines);
    last = snapshots.map(describe).join('; ');
    return isWhole(lease, snapshots) && machines.every(({ status }) => status?.snapshotInProgress === undefined) ? true : undefined;
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new Error(`${error instanceof Error ? error.message : String(error)}; ${last}`, { cause: error });
  });
}

/** Resolves when they are gone: KubeVirt's finalizers hold them until it has let go of the machines. */
export async function removeSnapshots(context: Context, lease: Lease, checkpoint: string): Promise<void> {
  const namespace = namespaceOf(lease.id);
  for (const { metadata } of await listSnapshots(context, lease, checkpoint)) await context.client.remove({ kind: 'VirtualMachineSnapshot', namespace, name: metadata.name });
  await waitFor({ name: `removal of the snapshots of ${checkpoint}`, limitMs: REMOVAL_LIMIT, intervalMs: LOOK }, async () =>
    (await listSnapshots(context, lease, checkpoint)).length === 0 ? true : undefined);
}

function refuseFailed(snapshot: VirtualMachineSnapshot, machines: readonly VirtualMachine[]): void {
  const { spec, status } = snapshot;
  if (status?.phase === 'Failed') throw new Error(describe(snapshot));
  if (status?.phase !== 'Succeeded' || status.readyToUse !== true) return;
  const volumes = machines.find(({ metadata }) => metadata.name === spec.source.name)?.spec.template.spec.volumes ?? [];
  const left = volumes.filter((volume) => claimOf(volume) !== undefined && status.snapshotVolumes?.includedVolumes?.includes(volume.name) !== true);
  if (left.length > 0) throw new Error(`the snapshot of ${spec.source.name} is without its volume ${left.map(({ name }) => name).join(' and ')}`);
}

function describe({ spec, status }: VirtualMachineSnapshot): string {
  return `${spec.source.name} ${status?.phase ?? 'new'}${reasonsOf(status?.error?.message, status?.conditions)}`;
}

/** What is not as it should be, in the words of KubeVirt's controllers. */
export function reasonsOf(error: string | undefined, conditions: readonly Condition[] = []): string {
  const told = conditions.filter(({ type, status }) => (type === 'Failure') === (status === 'True')).map(({ type, reason, message }) => `${type}: ${message ?? reason ?? ''}`);
  const reasons = [...(error === undefined ? [] : [error]), ...told];
  return reasons.length === 0 ? '' : ` (${reasons.join('; ')})`;
}

