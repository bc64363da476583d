import type { V1DaemonSet, V1Pod } from '@kubernetes/client-node';
import type { ClusterContext } from '../../check.ts';
import { kube, nodes } from '../api-server.ts';
import { ProductFault } from '../product-fault.ts';
import { until } from '../wait.ts';

const NAMESPACE_PATH = '/api/v1/namespaces/kube-system/pods';
export const AGENT_PATH = '/apis/apps/v1/namespaces/kube-system/daemonsets/kube-router';
const SELECTOR = new URLSearchParams({ labelSelector: 'k8s-app=kube-router' }).toString();
/** Milliseconds: a pod whose image is there starts in seconds, and the nodes of a DaemonSet come one after the other. */
export const AGENT_LIMIT = 120_000;

/** The pods of the agent that enforces policies, one of each node. */
export async function agentPods(context: ClusterContext): Promise<V1Pod[]> {
  return (await kube(context).get<{ items: V1Pod[] }>(`${NAMESPACE_PATH}?${SELECTOR}`)).items;
}

/** Waits until the agent's newest revision runs on every node. @throws ProductFault */
export async function agentReady(context: ClusterContext): Promise<void> {
  await until({
    what: 'the agent for network policies is ready on every node',
    limitMs: AGENT_LIMIT,
    signal: context.signal,
    attempt: async () => {
      const { metadata, status } = await kube(context).get<V1DaemonSet>(AGENT_PATH);
      if ((status?.observedGeneration ?? 0) < (metadata?.generation ?? 0)) return { observed: 'its controller has not seen the change yet' };
      const [wanted, updated, available] = [nodes(context).length, status?.updatedNumberScheduled ?? 0, status?.numberAvailable ?? 0];
      return Math.min(updated, available) === wanted ? { value: undefined } : { observed: `${available} available, ${updated} updated of ${wanted}` };
    },
  });
}

/** Ends every pod of the agent, as an update or an eviction would; resolves once each node has a new one that is ready. */
export async function restartAgent(context: ClusterContext): Promise<void> {
  const before = await agentPods(context);
  if (before.length === 0) throw new ProductFault('the agent for network policies runs', 'it has no pod');
  for (const { metadata } of before) {
    const { status } = await kube(context).send({ method: 'DELETE', path: `${NAMESPACE_PATH}/${metadata?.name}`, body: { gracePeriodSeconds: 5 } });
    if (status >= 300 && status !== 404) throw new ProductFault('a pod of the agent can be deleted', `HTTP ${status}`);
  }
  const ended = new Set(before.map(({ metadata }) => metadata?.uid));
  await until({
    what: 'every pod of the agent has been replaced',
    limitMs: AGENT_LIMIT,
    signal: context.signal,
    attempt: async () => {
      const fresh = (await agentPods(context)).filter(({ metadata }) => !ended.has(metadata?.uid));
      return fresh.length === before.length ? { value: undefined } : { observed: `${fresh.length} of ${before.length} are new` };
    },
  });
  await agentReady(context);
}
