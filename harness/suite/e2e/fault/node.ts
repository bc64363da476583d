import type { V1Node } from '@kubernetes/client-node';
import type { ClusterContext } from '../../check.ts';
import { kube, nodes } from '../api-server.ts';
import { until } from '../wait.ts';

/** Waits until every node is Ready and its kubelet answers. Milliseconds: kubelet 1.20 takes 5 s to start. */
export async function nodesReady(context: ClusterContext): Promise<void> {
  const api = kube(context);
  await until({
    what: 'every node is Ready and its kubelet answers',
    limitMs: 180_000,
    signal: context.signal,
    attempt: async () => {
      for (const { name } of nodes(context)) {
        const { status } = await api.get<V1Node>(`/api/v1/nodes/${name}`);
        if (!status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True')) return { observed: `${name} is not Ready` };
        const health = await api.send({ path: `/api/v1/nodes/${name}/proxy/healthz` });
        if (health.status !== 200) return { observed: `${name}: kubelet answers HTTP ${health.status}` };
      }
      return { value: undefined };
    },
  });
}
