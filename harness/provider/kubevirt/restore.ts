import { randomBytes } from 'node:crypto';
import type { Lease } from '../contract.ts';
import { waitFor } from '../wait.ts';
import type { Context } from './context.ts';
import { claimsOf, machinesOf, removeUnused, type Backing } from './disks.ts';
import { LABEL, namespaceOf } from './names.ts';
import type { VirtualMachine, VirtualMachineRestore } from './objects.ts';
import { checkpointLabels, reasonsOf } from './snapshot.ts';

/** Milliseconds: storage that copies a snapshot into a new claim takes minutes. */
export const RESTORE_LIMIT = 600_000;
const REMOVAL_LIMIT = 120_000;
const LOOK = 500;

export function restoreOf(lease: Lease, checkpoint: string, machine: string, attempt: string): VirtualMachineRestore {
  return {
    apiVersion: 'snapshot.kubevirt.io/v1beta1',
    kind: 'VirtualMachineRestore',
    metadata: { name: `${checkpoint}.${machine}.${attempt}`, namespace: namespaceOf(lease.id), labels: checkpointLabels(lease, checkpoint, machine) },
    spec: { target: { apiGroup: 'kubevirt.io', kind: 'VirtualMachine', name: machine }, virtualMachineSnapshotName: `${checkpoint}.${machine}` },
  };
}

/** Some machines have disks of the checkpoint and others have not: they must not run. */
export class MixedDisks extends Error {
  constructor(failure: unknown, cause: unknown) {
    super(`${reason(failure)}; then the disks could not be put back: ${reason(cause)}`, { cause });
    this.name = 'MixedDisks';
  }
}

/**
 * Gives machines that are off the disks of a checkpoint. When that fails for one of them, all have the disks that they had.
 * Either way no disk remains that no machine has. @throws MixedDisks when not even that can be done
 */
export async function restoreDisks(context: Context, lease: Lease, checkpoint: string, limitMs: number, signal: AbortSignal): Promise<void> {
  const { client } = context;
  const before = await machinesOf(client, lease, signal);
  const attempt = randomBytes(4).toString('hex');
  const made: Backing[] = [];
  let failure: { readonly error: unknown } | undefined;
  try {
    for (const { name } of lease.machines) await client.apply(restoreOf(lease, checkpoint, name, attempt), signal);
    await untilRestored(context, lease, attempt, limitMs, signal);
  } catch (error) {
    failure = { error };
  }
  try {
    await forget(context, lease, attempt, made);
    if (failure !== undefined) await putBack(context, lease, before);
  } catch (error) {
    throw new MixedDisks(failure?.error ?? 'the checkpoint is restored', error);
  }
  await removeUnused(client, lease, [...before.flatMap(claimsOf), ...made]);
  if (failure !== undefined) throw failure.error;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function untilRestored(context: Context, lease: Lease, attempt: string, limitMs: number, signal: AbortSignal): Promise<void> {
  let last = 'KubeVirt has not said anything';
  await waitFor({ name: `restore of ${lease.machines.length} machines`, limitMs, intervalMs: LOOK, signal }, async () => {
    const [restores, machines] = await Promise.all([listRestores(context, lease, attempt, signal), machinesOf(context.client, lease, signal)]);
    last = restores.map(describe).join('; ');
    const failed = restores.find(({ status }) => status?.conditions?.some(({ type, status: is }) => type === 'Failure' && is === 'True') === true);
    if (failed !== undefined) throw new Error(describe(failed));
    const complete = restores.length === lease.machines.length && restores.every(({ status }) => status?.complete === true);
    return complete && machines.every(({ status }) => status?.restoreInProgress === undefined) ? true : undefined;
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new Error(`${error instanceof Error ? error.message : String(error)}; ${last}`, { cause: error });
  });
}

/** Restores are of no use once they are through; a failed one holds its machine until it is gone. */
async function forget(context: Context, lease: Lease, attempt: string, made: Backing[]): Promise<void> {
  const restores = await listRestores(context, lease, attempt);
  made.push(...restores.flatMap(({ status }) => status?.restores?.map(({ persistentVolumeClaim: name }) => ({ kind: 'PersistentVolumeClaim', name }) as const) ?? []));
  for (const { metadata } of restores) await context.client.remove({ kind: 'VirtualMachineRestore', namespace: namespaceOf(lease.id), name: metadata.name });
  await waitFor({ name: 'removal of restores', limitMs: REMOVAL_LIMIT, intervalMs: LOOK }, async () =>
    (await listRestores(context, lease, attempt)).length === 0 ? true : undefined);
}

async function putBack({ client }: Context, lease: Lease, before: readonly VirtualMachine[]): Promise<void> {
  for (const { metadata: { name }, spec } of before) {
    const { volumes } = spec.template.spec;
    await client.merge({ kind: 'VirtualMachine', namespace: namespaceOf(lease.id), name }, { spec: { template: { spec: { volumes } } } });
  }
}

async function listRestores({ client }: Context, lease: Lease, attempt: string, signal?: AbortSignal): Promise<VirtualMachineRestore[]> {
  const { items } = await client.list<VirtualMachineRestore>({ kind: 'VirtualMachineRestore', namespace: namespaceOf(lease.id) }, { labelSelector: `${LABEL.lease}=${lease.id}`, signal });
  return items.filter(({ metadata }) => metadata.name.endsWith(`.${attempt}`));
}

function describe({ spec, status }: VirtualMachineRestore): string {
  return `${spec.target.name} ${status?.complete === true ? 'restored' : 'not restored'}${reasonsOf(undefined, status?.conditions)}`;
}
