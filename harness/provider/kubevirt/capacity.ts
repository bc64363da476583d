import { bytes } from '../../matrix/quantity.ts';
import type { Budget } from './admission.ts';
import type { Context } from './context.ts';
import { hasStatus } from './kube/error.ts';
import type { KubeObject } from './objects.ts';

interface Node extends KubeObject {
  readonly spec?: { readonly unschedulable?: boolean };
  readonly status?: {
    readonly allocatable?: Readonly<Record<string, string>>;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/**
 * What all leases of the site may have together: what the site says, else what its nodes have. Nodes that nobody may list,
 * or of which there are none yet (an autoscaler makes them), count nothing: then the scheduler decides.
 */
export async function budgetOf({ client, site }: Pick<Context, 'client' | 'site'>, signal?: AbortSignal): Promise<Budget> {
  if (site.capacity !== undefined) return { cpus: site.capacity.cpus, memory: bytes(site.capacity.memory) };
  const labelSelector = Object.entries(site.scheduling.nodeSelector ?? {}).map(([key, value]) => `${key}=${value}`).join(',');
  // An API server that is away says nothing about how much there is: that is an error, not plenty.
  const nodes = await client.list<Node>({ kind: 'Node' }, { signal, ...(labelSelector === '' ? {} : { labelSelector }) }).catch((error: unknown) => {
    if (!hasStatus(error, 403)) throw error;
    return { items: [] };
  });
  return sumOf(nodes.items);
}

export function sumOf(nodes: readonly Node[]): Budget {
  const usable = nodes.filter(({ spec, status }) => spec?.unschedulable !== true && status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true);
  if (usable.length === 0) return {};
  const sum = (resource: string) => usable.reduce((total, { status }) => total + quantity(status?.allocatable?.[resource] ?? '0'), 0);
  return { cpus: sum('cpu'), memory: sum('memory') };
}

const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60,
};

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
export function quantity(text: string): number {
  const match = /^([+-]?\d*\.?\d+(?:[eE][+-]?\d+)?|\d+\.)([numkMGTPE]|[KMGTPE]i)?$/.exec(text);
  if (match === null) throw new Error(`${JSON.stringify(text)} is no quantity`);
  return Number(match[1]) * (SUFFIXES[match[2] ?? ''] ?? 1);
}
