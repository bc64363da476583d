import type { Check } from '../../check.ts';
import { controlPlanes, kube, last, nodes } from '../api-server.ts';
import { controlPlaneWhole } from '../fault/api-server.ts';
import { faulty } from '../fault/mend.ts';
import { nodesReady } from '../fault/node.ts';
import { stopUnit } from '../fault/unit.ts';
import { ensureNamespace } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import { POD_START_LIMIT, removePods, startPods, testPod } from '../pod.ts';
import { uniqueName } from '../unique.ts';

export const podOnEveryNode: Check = {
  name: 'pod-on-every-node',
  title: 'The scheduler places a pod on every node, and it runs there',
  // The pods' own limit, and the namespace that may have to be made.
  limitMs: POD_START_LIMIT + 40_000,
  blockedBy: ['etcd-health', 'leader-leases', 'nodes-ready', 'image-store', 'test-pods'],
  async run(context) {
    const api = kube(context);
    await ensureNamespace(context, api);
    const asked = nodes(context).map(({ name: node }) => testPod(context, { name: uniqueName(`on-${node}`), node, placedBy: 'scheduler' }));
    try {
      const pods = await startPods(context, asked);
      const missing = nodes(context).filter(({ name }) => !pods.some(({ node }) => node === name));
      return judgeComplaints(`${nodes(context).length} nodes with a running pod`, missing.map(({ name }) => `${name}: no pod`));
    } finally {
      await removePods(api, asked.map(({ metadata }) => metadata?.name ?? ''));
    }
  },
  sabotages: [
    {
      name: 'schedulers-stopped',
      observed: /: Pending, not scheduled/,
      apply: faulty(async (context, mend) => {
        mend(() => controlPlaneWhole(context));
        await stopUnit(controlPlanes(context), 'kube-scheduler', mend);
      }),
    },
    {
      name: 'kubelet-stopped',
      observed: /: Pending, on \S+$/,
      apply: faulty(async (context, mend) => {
        mend(() => nodesReady(context));
        await stopUnit([last(nodes(context))], 'kubelet', mend);
      }),
    },
  ],
};
