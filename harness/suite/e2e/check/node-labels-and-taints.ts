import type { V1Node } from '@kubernetes/client-node';
import type { Check, ClusterContext } from '../../check.ts';
import { kube, last, nodes } from '../api-server.ts';
import { faulty } from '../fault/mend.ts';
import { judgeComplaints } from '../judge.ts';
import { complainOfNode } from '../node-labels.ts';

export const nodeLabelsAndTaints: Check = {
  name: 'node-labels-and-taints',
  title: 'Every node has the standard labels, takes pods, and has the taints of its roles and no other',
  // One list.
  limitMs: 20_000,
  needs: ['document'],
  blockedBy: ['nodes-ready'],
  async run(context) {
    const hosts = nodes(context);
    const { version } = context.deployment.spec.kubernetes;
    const { items } = await kube(context).get<{ items: V1Node[] }>('/api/v1/nodes');
    const complaints = hosts.flatMap((host) => complainOfNode(host, items.find(({ metadata }) => metadata?.name === host.name), version));
    return judgeComplaints(`${hosts.length} schedulable nodes with the standard labels and the taints of their roles`, complaints);
  },
  sabotages: [
    {
      name: 'cordoned',
      observed: /: is cordoned/,
      apply: faulty(async (context, mend) => {
        mend(() => patch(context, { spec: { unschedulable: null } }));
        await patch(context, { spec: { unschedulable: true } });
      }),
    },
    {
      name: 'taint-left-over',
      observed: /: taints are \[[^\]]*proofgrid-e2e\/left-over:NoSchedule[^\]]*\], expected \[/,
      apply: faulty(async (context, mend) => {
        const { name } = last(nodes(context));
        const { spec } = await kube(context).get<V1Node>(`/api/v1/nodes/${name}`);
        const before = spec?.taints ?? [];
        mend(() => patch(context, { spec: { taints: before } }));
        await patch(context, { spec: { taints: [...before, { key: 'proofgrid-e2e/left-over', effect: 'NoSchedule' }] } });
      }),
    },
    {
      name: 'hostname-label-altered',
      observed: /: label kubernetes\.io\/hostname is another-name, expected /,
      apply: faulty(async (context, mend) => {
        const { name } = last(nodes(context));
        const label = (value: string) => patch(context, { metadata: { labels: { 'kubernetes.io/hostname': value } } });
        mend(() => label(name));
        await label('another-name');
      }),
    },
  ],
};

async function patch(context: ClusterContext, body: unknown): Promise<void> {
  const { name } = last(nodes(context));
  const path = `/api/v1/nodes/${name}`;
  const { status } = await kube(context).send({ method: 'PATCH', path, contentType: 'application/merge-patch+json', body });
  if (status !== 200) throw new Error(`PATCH ${path} answers HTTP ${status}`);
}
