import type { V1Pod } from '@kubernetes/client-node';
import type { Check, ClusterContext } from '../../check.ts';
import { kube, last, nodes, nodesWithLogin } from '../api-server.ts';
import { cpuComplaints, endedParts, greedyPod, memoryComplaints, pidsLimits } from '../enforced-limits.ts';
import { liftLimits, type LiftedLimit } from '../fault/limits.ts';
import { faulty } from '../fault/mend.ts';
import { ensureNamespace } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import { NAMESPACE_PATH } from '../namespace.ts';
import { POD_START_LIMIT, removePods } from '../pod.ts';
import { ProductFault } from '../product-fault.ts';
import { uniqueName } from '../unique.ts';
import { patiently, until } from '../wait.ts';

export const limitsEnforced: Check = {
  name: 'limits-enforced',
  title: 'On every node a container gets no more memory and CPU than its limits, and a pod no more processes than its kubelet allows',
  // The namespace that may have to be made (40 s), then the pods' start and two seconds of work.
  limitMs: POD_START_LIMIT + 60_000,
  blockedBy: ['etcd-health', 'nodes-ready', 'image-store', 'test-pods', 'pod-on-every-node'],
  async run(context) {
    await ensureNamespace(context, kube(context));
    const complaints = await Promise.all(nodes(context).map(({ name }) => complain(context, name)));
    return judgeComplaints(`${nodes(context).length} nodes that enforce limits of memory, CPU and processes`, complaints.flat());
  },
  sabotages: [
    { name: 'memory-unlimited', observed: /^\S+: a container with a limit of 32 MiB has used 96 \(Completed, exit code 0\)$/, apply: lifted('memory') },
    { name: 'cpu-unlimited', observed: /^\S+: a container with a limit of 0\.1 CPU has used [\d.]+ s of it in 2 s$/, apply: lifted('cpu') },
    { name: 'pids-unlimited', observed: /^\S+: a pod may have max processes, and the kubelet allows \d+$/, apply: lifted('pids') },
  ],
};

async function complain(context: ClusterContext, node: string): Promise<string[]> {
  const api = kube(context);
  const name = uniqueName(`greedy-${node}`);
  try {
    const { metadata } = await api.post<V1Pod>(`${NAMESPACE_PATH}/pods`, greedyPod(context, node, name));
    const { memory, cpu } = await until({
      what: `both containers of pod ${name} have ended`,
      limitMs: patiently(context, POD_START_LIMIT),
      signal: context.signal,
      intervalMs: 500,
      attempt: async () => {
        const pod = await api.get<V1Pod>(`${NAMESPACE_PATH}/pods/${name}`);
        const ended = endedParts(pod);
        return ended === undefined ? { observed: `pod ${name} is ${pod.status?.phase}` } : { value: ended };
      },
    });
    const complaints = [...memoryComplaints(memory), ...cpuComplaints(cpu), ...(await pidsComplaints(context, node, metadata?.uid ?? ''))];
    return complaints.map((complaint) => `${node}: ${complaint}`);
  } catch (error) {
    if (error instanceof ProductFault) return [`${node}: ${error.observed}`];
    throw error;
  } finally {
    await removePods(api, [name]);
  }
}

async function pidsComplaints(context: ClusterContext, node: string, uid: string): Promise<string[]> {
  const host = nodesWithLogin(context).find(({ name }) => name === node);
  const { kubeletconfig } = await kube(context).get<{ kubeletconfig: { podPidsLimit?: number } }>(`/api/v1/nodes/${node}/proxy/configz`);
  const allowed = kubeletconfig.podPidsLimit ?? -1;
  if (host === undefined || allowed <= 0) return [];
  const limits = await pidsLimits(host, uid);
  if (limits.length === 0) return ['a pod has no cgroup for its processes'];
  return limits.filter((limit) => limit !== String(allowed)).map((limit) => `a pod may have ${limit} processes, and the kubelet allows ${allowed}`);
}

function lifted(limit: LiftedLimit) {
  return faulty(async (context, mend) => liftLimits(last(nodes(context)), limit, mend));
}
