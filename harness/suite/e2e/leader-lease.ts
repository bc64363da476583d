import type { V1Lease } from '@kubernetes/client-node';
import type { ClusterContext } from '../check.ts';
import { kube } from './api-server.ts';
import { until } from './wait.ts';

/** Programs of which one instance works at a time: the holder of the lease. */
export const LEADING = ['kube-controller-manager', 'kube-scheduler'] as const;
export type Leading = (typeof LEADING)[number];

/** Milliseconds. A lease runs out 15 s after it was renewed. */
const RENEWAL_LIMIT = 25_000;

/** Why nobody leads, or undefined. The age of the lease is measured on the API server's clock. */
export async function leaseComplaint(context: ClusterContext, component: Leading): Promise<string | undefined> {
  const state = await stateOf(context, component);
  return typeof state === 'string' ? state : undefined;
}

/**
 * The same, and the lease is renewed before our eyes: that of a leader who is gone stays fresh for 15 s, while a leader
 * renews it every 2 s (`leaderElection.retryPeriod`).
 * https://kubernetes.io/docs/reference/config-api/kube-scheduler-config.v1/#LeaderElectionConfiguration
 */
export async function renewalComplaint(context: ClusterContext, component: Leading): Promise<string | undefined> {
  const first = await stateOf(context, component);
  if (typeof first === 'string') return first;
  const renewed = async () => {
    const now = await stateOf(context, component);
    if (typeof now === 'string') return { value: now };
    return now.renewTime === first.renewTime ? { observed: `${component}: lease not renewed` } : { value: undefined };
  };
  return until({ what: `the lease of ${component} is renewed or runs out`, limitMs: RENEWAL_LIMIT, signal: context.signal, attempt: renewed });
}

/** What is wrong with the lease, or when it was renewed. */
async function stateOf(context: ClusterContext, component: Leading): Promise<string | { readonly renewTime: string }> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/${component}`;
  const { status, body, date } = await kube(context).send({ path });
  if (status !== 200) return `${component}: HTTP ${status} for its lease`;
  const { spec } = JSON.parse(body) as { spec: V1Lease['spec'] };
  if (!spec?.holderIdentity) return `${component}: nobody holds the lease`;
  const renewTime = String(spec.renewTime);
  const age = Math.round((date.getTime() - new Date(spec.renewTime ?? 0).getTime()) / 1000);
  return age <= (spec.leaseDurationSeconds ?? 15) ? { renewTime } : `${component}: lease renewed ${age} s ago`;
}

export async function leaseComplaints(context: ClusterContext): Promise<string[]> {
  const complaints = await Promise.all(LEADING.map((component) => leaseComplaint(context, component)));
  return complaints.flatMap((complaint) => complaint ?? []);
}
