import type { Lease } from '../contract.ts';
import type { KubeClient } from './kube/client.ts';
import { LABEL, namespaceOf } from './names.ts';
import type { VirtualMachine, Volume } from './objects.ts';

/** What stands behind a volume of a machine: a DataVolume has a claim of its own name, which goes with it. */
export interface Backing {
  readonly kind: 'DataVolume' | 'PersistentVolumeClaim';
  readonly name: string;
}

export function claimOf({ dataVolume, persistentVolumeClaim }: Volume): Backing | undefined {
  if (dataVolume !== undefined) return { kind: 'DataVolume', name: dataVolume.name };
  return persistentVolumeClaim === undefined ? undefined : { kind: 'PersistentVolumeClaim', name: persistentVolumeClaim.claimName };
}

export function claimsOf({ spec }: VirtualMachine): Backing[] {
  return spec.template.spec.volumes?.flatMap((volume) => claimOf(volume) ?? []) ?? [];
}

export async function machinesOf(client: KubeClient, lease: Lease, signal?: AbortSignal): Promise<readonly VirtualMachine[]> {
  const { items } = await client.list<VirtualMachine>({ kind: 'VirtualMachine', namespace: namespaceOf(lease.id) }, { labelSelector: `${LABEL.lease}=${lease.id}`, signal });
  return items.filter(({ metadata }) => lease.machines.some(({ name }) => name === metadata.name));
}

/**
 * Removes those of the disks that no machine has any more. A restore gives every machine new claims and leaves the old ones
 * where they are; with every restore the cell would come nearer to the end of its quota.
 */
export async function removeUnused(client: KubeClient, lease: Lease, candidates: readonly Backing[]): Promise<void> {
  const used = new Set((await machinesOf(client, lease)).flatMap(claimsOf).map(({ name }) => name));
  for (const { kind, name } of candidates) {
    if (!used.has(name)) await client.remove({ kind, namespace: namespaceOf(lease.id), name });
  }
}
