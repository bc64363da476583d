import type { V1APIService } from '@kubernetes/client-node';
import type { ClusterContext } from '../check.ts';
import { kube } from './api-server.ts';
import { statusMessage, type KubeApi } from './kube-api.ts';
import { NAMESPACE } from './namespace.ts';
import { ProductFault } from './product-fault.ts';

export const METRICS_API = '/apis/metrics.k8s.io/v1beta1';
export const API_SERVICE = '/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io';

interface Usage {
  readonly cpu: string;
  readonly memory: string;
}

interface NodeMetrics {
  readonly metadata: { readonly name: string };
  readonly usage: Usage;
}

interface PodMetrics {
  readonly metadata: { readonly name: string };
  readonly containers: readonly { readonly usage: Usage }[];
}

export interface Consumption {
  /** Cores. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
}

/** Suffixes of quantities as metrics come: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
const SUFFIXES: Readonly<Record<string, number>> = { n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

/** A quantity as a number of its unit; NaN where the text is none. */
export function amount(quantity: string): number {
  const [, digits, suffix = ''] = /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(quantity) ?? [];
  return Number(digits ?? 'NaN') * (SUFFIXES[suffix] ?? Number.NaN);
}

/** What `kubectl top nodes` shows, by node, as one API server gives it. */
export async function nodeConsumption(context: ClusterContext, api: KubeApi): Promise<Map<string, Consumption>> {
  const items = await listMetrics<NodeMetrics>(context, api, `${METRICS_API}/nodes`);
  return new Map(items.map(({ metadata, usage }) => [metadata.name, consumption([usage])]));
}

/** What `kubectl top pods` shows of the checks' own pods. */
export async function podConsumption(context: ClusterContext, api: KubeApi): Promise<Map<string, Consumption>> {
  const items = await listMetrics<PodMetrics>(context, api, `${METRICS_API}/namespaces/${NAMESPACE}/pods`);
  return new Map(items.map(({ metadata, containers }) => [metadata.name, consumption(containers.map(({ usage }) => usage))]));
}

/** An API server only says that a service behind it does not answer; why stands in the APIService. */
async function listMetrics<T>(context: ClusterContext, api: KubeApi, path: string): Promise<readonly T[]> {
  const { status, body } = await api.send({ path });
  if (status === 200) return (JSON.parse(body) as { items: readonly T[] }).items;
  const { status: registered } = await kube(context).get<V1APIService>(API_SERVICE);
  const available = registered?.conditions?.find(({ type }) => type === 'Available');
  throw new ProductFault(`GET ${path} succeeds`, `HTTP ${status}: ${statusMessage(body)} (${available?.reason ?? 'Available'}: ${available?.message ?? 'unknown'})`);
}

function consumption(usages: readonly Usage[]): Consumption {
  const sum = (pick: (usage: Usage) => string) => usages.reduce((total, usage) => total + amount(pick(usage)), 0);
  return { cpu: sum(({ cpu }) => cpu), memory: sum(({ memory }) => memory) };
}
