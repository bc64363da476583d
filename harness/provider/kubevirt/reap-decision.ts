import type { ReapedLease } from '../contract.ts';
import type { OwnerState } from '../owner.ts';
import type { LeaseFacts } from './lease.ts';

export interface Judged {
  readonly lease: LeaseFacts;
  readonly owner: OwnerState;
  /** Whether the object that lives with the runner's pod is still there; undefined when there was none, or nobody may look. */
  readonly runnerAlive: boolean | undefined;
}

/**
 * Why a lease may be removed now, or undefined when it may not.
 * - A living owner's lease stays, whatever its age.
 * - `incomplete`: its namespace is being removed already, by somebody who may be dead.
 * - `expired`: nobody renewed it in time, by the API server's clock.
 * - `orphaned`: its owner, or the pod that it ran in, is gone, and it did not mean to leave the lease.
 */
export function reapReason({ lease, owner, runnerAlive }: Judged, now: Date): ReapedLease['reason'] | undefined {
  if (owner === 'alive') return undefined;
  if (lease.terminating !== undefined) return 'incomplete';
  if (now >= lease.expires) return 'expired';
  if (lease.kept) return undefined;
  return owner === 'dead' || runnerAlive === false ? 'orphaned' : undefined;
}
