import type { V1Pod } from '@kubernetes/client-node';
import type { Check, ClusterContext } from '../../check.ts';
import { kube, last, nodes } from '../api-server.ts';
import { editFile } from '../fault/file.ts';
import { faulty } from '../fault/mend.ts';
import { nodesReady } from '../fault/node.ts';
import { repeatScript, restartUnit } from '../fault/unit.ts';
import { ensureNamespace } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import type { KubeApi } from '../kube-api.ts';
import { judgeLimits, SPIN } from '../limits.ts';
import { NAMESPACE_PATH } from '../namespace.ts';
import { POD_START_LIMIT, removePods, testPod } from '../pod.ts';
import { ProductFault } from '../product-fault.ts';
import { uniqueName } from '../unique.ts';
import { patiently, until } from '../wait.ts';

const MESSAGE = '/dev/termination-log';

/** The last word is what it says about itself in the end. */
const CONTAINERS = {
  memory: { limits: { memory: '32Mi' }, script: `sleep ${SPIN}; dd if=/dev/zero of=/dev/null bs=128M count=1 && echo survived > ${MESSAGE}` },
  cpu: { limits: { cpu: '100m' }, script: `(while :; do :; done) & p=$!; sleep ${SPIN}; cut -d' ' -f14 /proc/$p/stat > ${MESSAGE}; kill -9 $p` },
} as const;

export const limitsEnforced: Check = {
  name: 'limits-enforced',
  title: 'On every node a container that takes more memory than its limit is killed, and one that wants more of a core gets no more',
  // A pod starts, its containers end after three seconds.
  limitMs: POD_START_LIMIT + 45_000,
  blockedBy: ['nodes-ready', 'test-pods'],
  async run(context) {
    const api = kube(context);
    await ensureNamespace(context, api);
    const pods = nodes(context).map(({ name }) => ({ node: name, pod: greedyPod(context, name) }));
    try {
      const complaints = await Promise.all(pods.map(async ({ node, pod }) => (await complaintsAbout(context, api, pod)).map((complaint) => `${node}: ${complaint}`)));
      return judgeComplaints(`memory of 32 MiB and a tenth of a core are limits on ${pods.length} nodes`, complaints.flat());
    } finally {
      await removePods(api, pods.map(({ pod }) => pod.metadata?.name ?? ''));
    }
  },
  sabotages: [
    {
      name: 'quota-of-cores-off',
      observed: /^\S+: a container with a tenth of a core used \d+ ticks of 100 a second in 2 s$/,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        mend(() => nodesReady(context));
        mend(() => restartUnit(host, 'kubelet'));
        await editFile(host, '/etc/kubernetes/kubelet.yaml', '1s/{/{"cpuCFSQuota": false,/', mend);
        await restartUnit(host, 'kubelet');
        await nodesReady(context);
      }),
    },
    {
      name: 'memory-unlimited',
      observed: /^\S+: a container used four times its memory: survived$/,
      apply: faulty(async (context, mend) => {
        // both versions of cgroups; in the first one, memory with swap has to allow it before
        const unlimit = 'find /sys/fs/cgroup/memory /sys/fs/cgroup/kubepods* -path "*pod*" \\( -name memory.limit_in_bytes -o -name memory.max \\) -exec sh -c \'for f do d=${f%/*}; echo -1 > $d/memory.memsw.limit_in_bytes; echo -1 > $f || echo max > $f; done\' sh {} + 2>/dev/null';
        await repeatScript(last(nodes(context)), 'proofgrid-sabotage-memory', unlimit, mend);
      }),
    },
  ],
};

function greedyPod(context: ClusterContext, node: string): V1Pod {
  const pod = testPod(context, { name: uniqueName('greedy'), node, placedBy: 'direct' });
  const [container] = pod.spec?.containers ?? [];
  if (pod.spec === undefined || container === undefined) throw new Error('a test pod has one container');
  const containers = Object.entries(CONTAINERS).map(([name, { limits, script }]) => ({
    ...{ name, image: container.image, imagePullPolicy: container.imagePullPolicy, command: ['sh', '-c', script] },
    resources: { limits, requests: { cpu: '1m', memory: '1Mi' } },
  }));
  return { ...pod, spec: { ...pod.spec, containers } as NonNullable<V1Pod['spec']> };
}

async function complaintsAbout(context: ClusterContext, api: KubeApi, pod: V1Pod): Promise<string[]> {
  const path = `${NAMESPACE_PATH}/pods/${pod.metadata?.name}`;
  await api.post(`${NAMESPACE_PATH}/pods`, pod);
  try {
    const ended = await until({
      what: 'the containers with limits have ended',
      limitMs: patiently(context, POD_START_LIMIT),
      signal: context.signal,
      intervalMs: 500,
      attempt: async () => {
        const statuses = (await api.get<V1Pod>(path)).status?.containerStatuses ?? [];
        const states = new Map(statuses.flatMap(({ name, state }) => (state?.terminated === undefined ? [] : [[name, state.terminated] as const])));
        if (states.size === Object.keys(CONTAINERS).length) return { value: states };
        const waiting = statuses.find(({ state }) => state?.waiting !== undefined);
        return { observed: waiting === undefined ? 'they run' : `${waiting.name} waits: ${waiting.state?.waiting?.reason}` };
      },
    });
    return judgeLimits({ memory: ended.get('memory'), cpu: ended.get('cpu') });
  } catch (error) {
    if (error instanceof ProductFault) return [`the containers with limits: ${error.observed}`];
    throw error;
  }
}
