import type { V1Deployment, V1Pod } from '@kubernetes/client-node';
import type { ClusterContext } from '../check.ts';
import { kube } from './api-server.ts';
import { statusMessage } from './kube-api.ts';
import { ProductFault } from './product-fault.ts';
import { until } from './wait.ts';

const PODS = '/api/v1/namespaces/kube-system/pods';
const DEPLOYMENT = '/apis/apps/v1/namespaces/kube-system/deployments/coredns';
const SELECTOR = encodeURIComponent('k8s-app=kube-dns');
/** Milliseconds: a replica whose image is there starts in two seconds, and is asked whether it is ready every ten. */
const REPLICA_LIMIT = 90_000;

export interface DnsReplica {
  readonly name: string;
  readonly node: string;
  readonly path: string;
}

/** CoreDNS's replicas that are ready and not on their way out. */
export async function readReplicas(context: ClusterContext): Promise<DnsReplica[]> {
  const { items } = await kube(context).get<{ items: V1Pod[] }>(`${PODS}?labelSelector=${SELECTOR}`);
  return items.flatMap(({ metadata, spec, status }) => {
    const ready = status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
    if (!ready || metadata?.deletionTimestamp !== undefined || metadata?.name === undefined || spec?.nodeName === undefined) return [];
    return [{ name: metadata.name, node: spec.nodeName, path: `${PODS}/${metadata.name}` }];
  });
}

/** Waits until exactly so many replicas are ready, in the Deployment's eyes too. */
export async function untilReplicas(context: ClusterContext, count: number): Promise<void> {
  await until({
    what: `${count} replicas of CoreDNS are ready`,
    limitMs: REPLICA_LIMIT,
    signal: context.signal,
    attempt: async () => {
      const [replicas, { status }] = await Promise.all([readReplicas(context), kube(context).get<V1Deployment>(DEPLOYMENT)]);
      if (replicas.length === count && status?.replicas === count && status.readyReplicas === count) return { value: undefined };
      return { observed: `${replicas.length} of ${count}` };
    },
  });
}

/** Another number of replicas, and waits for it. */
export async function scaleDns(context: ClusterContext, replicas: number): Promise<void> {
  const { status, body } = await kube(context).send({
    method: 'PATCH',
    path: `${DEPLOYMENT}/scale`,
    contentType: 'application/merge-patch+json',
    body: { spec: { replicas } },
  });
  if (status >= 300) throw new ProductFault(`CoreDNS is scaled to ${replicas}`, `HTTP ${status}: ${statusMessage(body)}`);
  await untilReplicas(context, replicas);
}
