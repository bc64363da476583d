import { hasStatus } from './kube/error.ts';
import { waitFor } from '../wait.ts';
import { ProofgridError } from '../../../lifecycle/error.ts';
import type { Context } from './context.ts';
import { LABEL, namespaceOf } from './names.ts';
import type { KubeObject, Namespace } from './objects.ts';
import type { RunnerPod } from './render.ts';
import { diagnoseTerminating } from './terminating.ts';

/** Milliseconds until a namespace is gone: KubeVirt has to end its machines, which are cut, not shut down. */
export const REMOVAL_LIMIT = 120_000;

export interface Removed {
  readonly id: string;
  /** Not set: whatever namespace has the name. Set: only that very one, in that very state. */
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly runnerPod?: RunnerPod | undefined;
}

/**
 * Removes a lease's namespace with all that is in it, then what lies elsewhere. Resolves with what remains and why;
 * idempotent. Finalizers are other controllers' promises to clean up: they are reported, and never taken away.
 */
export async function removeLease({ client, site }: Context, { id, uid, resourceVersion, runnerPod }: Removed, limitMs = REMOVAL_LIMIT): Promise<string[]> {
  const name = namespaceOf(id);
  await client.remove({ kind: 'Namespace', name }, { uid, resourceVersion }).catch((error: unknown) => {
    // The namespace of another lease, or changed since it was judged: not the one that was meant.
    if (!hasStatus(error, 409) || (uid === undefined && resourceVersion === undefined)) throw error;
    throw new LeaseChanged(id, error);
  });
  const left = await namespaceGone(client, name, limitMs);
  if (left.length > 0) return left;
  if (runnerPod !== undefined) {
    await client.remove({ kind: 'Lease', namespace: runnerPod.namespace, name }).catch((error: unknown) => {
      // Who may not touch the runners' namespace leaves the shadow to the garbage collector, which takes it with the runner's pod.
      if (!hasStatus(error, 403)) throw error;
    });
  }
  if (site.network.type === 'bridge' && site.network.virtualAddresses === undefined) return [];
  const reservations = await client.list<KubeObject>({ kind: 'Lease', namespace: site.controlNamespace }, { labelSelector: `${LABEL.lease}=${id}` });
  for (const { metadata } of reservations.items) {
    await client.remove({ kind: 'Lease', namespace: site.controlNamespace, name: metadata.name }, { uid: metadata.uid });
  }
  return [];
}

/** Renewed, or replaced, between the look and the removal; nothing was removed. */
export class LeaseChanged extends Error {
  constructor(id: string, cause: unknown) {
    super(`lease ${id} has changed`, { cause });
    this.name = 'LeaseChanged';
  }
}

async function namespaceGone(client: Context['client'], name: string, limitMs: number): Promise<string[]> {
  let last: Namespace | undefined;
  const wait = { name: `removal of namespace ${name}`, limitMs, intervalMs: Math.min(1000, limitMs / 10) };
  try {
    await waitFor(wait, async () => {
      last = (await client.get<Namespace>({ kind: 'Namespace', name }))?.object;
      return last === undefined ? true : undefined;
    });
    return [];
  } catch (error) {
    if (last === undefined || !(error instanceof ProofgridError) || error.code !== 'WAIT_TIMED_OUT') throw error;
    const since = last.metadata.deletionTimestamp ?? 'just now';
    return [`namespace/${name}: Terminating since ${since}`, ...(await diagnoseTerminating(client, last))];
  }
}

export function leaked(id: string, cell: string, left: readonly string[], cause?: unknown): ProofgridError {
  return new ProofgridError({
    code: 'LEASE_LEAKED',
    fault: 'leaked',
    what: `not everything of lease ${id} (cell ${cell}) could be removed: ${left.join('; ')}`,
    remedy: 'see which controller owns the finalizers that are named, and run proofgrid reap once it works again',
    ...(cause === undefined ? {} : { cause }),
  });
}
