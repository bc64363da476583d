import type { ClusterContext } from '../../check.ts';

/** Milliseconds: pods start (45 s), then traffic passes, is divided by each of two policies and passes again (20 s each). */
export const POLICY_CHECK_LIMIT = 140_000;

/** What a check of policies has to say where nothing enforces them. */
export function skipWithoutPolicy({ deployment }: ClusterContext): string | undefined {
  const { policy } = deployment.spec.network;
  return policy.type === 'none' ? `nothing enforces network policies: ${policy.reason}` : undefined;
}
