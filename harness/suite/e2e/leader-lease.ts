import type { V1Lease } from '@kubernetes/client-node';
import type { ClusterContext } from '../check.ts';
import { kube } from './api-server.ts';

/** Programs of which one instance works at a time: the holder of the lease. */
export const LEADING = ['kube-controller-manager', 'kube-scheduler'] as const;
export type Leading = (typeof LEADING)[number];

/** Why nobody leads, or undefined. The age of the lease is measured on the API server's clock. */
export async function leaseComplaint(context: ClusterContext, component: Leading): Promise<string | undefined> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/${component}`;
  const { status, body, date } = await kube(context).send({ path });
  if (status !== 200) return `${component}: HTTP ${status} for its lease`;
  const { spec } = JSON.parse(body) as { spec: V1Lease['spec'] };
  if (!spec?.holderIdentity) return `${component}: nobody holds the lease`;
  const age = Math.round((date.getTime() - new Date(spec.renewTime ?? 0).getTime()) / 1000);
  return age <= (spec.leaseDurationSeconds ?? 15) ? undefined : `${component}: lease renewed ${age} s ago`;
}

export async function leaseComplaints(context: ClusterContext): Promise<string[]> {
  const complaints = await Promise.all(LEADING.map((component) => leaseComplaint(context, component)));
  return complaints.flatMap((complaint) => complaint ?? []);
}
