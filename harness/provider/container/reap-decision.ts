import type { ReapedLease } from '../contract.ts';
import type { OwnerState } from '../owner.ts';
import type { LeaseFacts } from './labels.ts';

/** Everything found with one lease's label. */
export interface FoundLease {
  readonly id: string;
  /** As the lease volume has it, or for want of that as the labels of any other resource; undefined when no labels are ours. */
  readonly facts: LeaseFacts | undefined;
  readonly hasVolume: boolean;
  readonly containers: readonly string[];
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
}

/**
 * Why a lease may be removed now, or undefined when it may not.
 * - A living owner's lease stays, whatever its age: a host that slept for an hour must not lose its machines on waking up.
 * - `expired`: nobody renewed it in time.
 * - `incomplete`: remains of a removal, or a kept lease of which machines are missing; useless to anyone.
 * - `orphaned`: its owner is dead and did not mean to leave it.
 * An owner that cannot be seen from here (another pid namespace) has until the expiry.
 */
export function reapReason(lease: FoundLease, owner: OwnerState, now: Date): ReapedLease['reason'] | undefined {
  const { facts } = lease;
  if (facts === undefined || owner === 'alive') return undefined;
  if (now >= facts.expires) return lease.hasVolume ? 'expired' : 'incomplete';
  if (owner === 'unknown') return undefined;
  if (!lease.hasVolume || (facts.kept && lease.containers.length < facts.machines.length)) return 'incomplete';
  return facts.kept ? undefined : 'orphaned';
}
