import type { V1Node, V1Pod, V1PodSpec } from '@kubernetes/client-node';
import type { Check, ClusterContext } from '../../check.ts';
import { controlPlanes, kube, last, nodes } from '../api-server.ts';
import { controlPlaneWhole } from '../fault/api-server.ts';
import { editFile } from '../fault/file.ts';
import { faulty, type Mend } from '../fault/mend.ts';
import { restartUnit } from '../fault/unit.ts';
import { fixture, FIXTURE_LABELS } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import { NAMESPACE_PATH } from '../namespace.ts';
import { testPod } from '../pod.ts';
import { ProductFault } from '../product-fault.ts';
import { uniqueName } from '../unique.ts';
import { patiently, until } from '../wait.ts';

/** Milliseconds. The scheduler has decided within one. */
const DECISION_LIMIT = 20_000;
const CONFIGURATION = '/etc/kubernetes/scheduler.yaml';

/** Why a pod fits no node, and what it asks for. */
interface Refused {
  readonly why: string;
  readonly spec: Partial<V1PodSpec>;
}

export const schedulerObeys: Check = {
  name: 'scheduler-obeys',
  title: 'The scheduler places no pod where resources, labels, taints or other pods forbid it',
  // The pods may have to start first (60 s); then all decisions at once, and the pods' removal.
  limitMs: DECISION_LIMIT + 75_000,
  blockedBy: ['etcd-health', 'leader-leases', 'nodes-ready', 'test-pods'],
  async run(context) {
    await fixture(context);
    const { items } = await kube(context).get<{ items: V1Node[] }>('/api/v1/nodes');
    const cases = refused(items);
    const complaints = await Promise.all(cases.map((one) => complain(context, one)));
    return judgeComplaints(`pods that fit no node stay pending: ${cases.map(({ why }) => why).join(', ')}`, complaints.flat());
  },
  sabotages: [
    { name: 'resources-ignored', observed: /^a pod that asks for more CPU than any node has was placed on \S+$/, apply: ignoring('NodeResourcesFit') },
    {
      name: 'taints-and-labels-ignored',
      observed: /^a pod for a label that no node has was placed on \S+; a pod without toleration for a node with a taint was placed on \S+$/,
      apply: ignoring('TaintToleration', 'NodeAffinity'),
    },
    { name: 'neighbours-ignored', observed: /^a pod that wants no neighbour was placed on \S+$/, apply: ignoring('InterPodAffinity') },
  ],
};

function refused(items: readonly V1Node[]): Refused[] {
  const tainted = items.find(({ spec }) => spec?.taints?.some(({ effect }) => effect === 'NoSchedule') === true && spec.unschedulable !== true)?.metadata?.name;
  const most = Math.max(...items.map(({ status }) => cores(status?.allocatable?.['cpu'])));
  const neighbour = { labelSelector: { matchLabels: FIXTURE_LABELS }, topologyKey: 'kubernetes.io/hostname' };
  return [
    { why: 'that asks for more CPU than any node has', spec: { containers: [{ name: '', resources: { requests: { cpu: String(Math.ceil(most) * 10 + 10) } } }] } },
    { why: 'for a label that no node has', spec: { nodeSelector: { 'proofgrid.dev/no-node': 'has-this' } } },
    // One that tolerates nothing can only be meant for a node that is tainted where there is one.
    ...(tainted === undefined ? [] : [{ why: 'without toleration for a node with a taint', spec: { nodeSelector: { 'kubernetes.io/hostname': tainted }, tolerations: [] } }]),
    { why: 'that wants no neighbour', spec: { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [neighbour] } } } },
  ];
}

/** Of a quantity: `1930m` are 1.93. */
function cores(quantity = '0'): number {
  return quantity.endsWith('m') ? Number(quantity.slice(0, -1)) / 1000 : Number(quantity);
}

async function complain(context: ClusterContext, { why, spec: asked }: Refused): Promise<string[]> {
  const api = kube(context);
  const name = uniqueName('unplaced');
  const { spec, ...pod } = testPod(context, { name, node: last(nodes(context)).name, placedBy: 'scheduler' });
  if (spec === undefined) throw new Error('a test pod has a spec');
  const { affinity: _, ...free } = spec;
  const containers = spec.containers.map((container) => ({ ...container, ...(asked.containers?.[0]?.resources === undefined ? {} : { resources: asked.containers[0].resources }) }));
  const path = `${NAMESPACE_PATH}/pods/${name}`;
  try {
    await api.post(`${NAMESPACE_PATH}/pods`, { ...pod, spec: { ...free, ...asked, containers } });
    return await until({
      what: `the scheduler has decided about a pod ${why}`,
      limitMs: patiently(context, DECISION_LIMIT),
      signal: context.signal,
      attempt: async () => {
        const placed = await api.get<V1Pod>(path);
        if (placed.spec?.nodeName !== undefined) return { value: [`a pod ${why} was placed on ${placed.spec.nodeName}`] };
        const decided = placed.status?.conditions?.find(({ type }) => type === 'PodScheduled');
        return decided?.reason === 'Unschedulable' ? { value: [] } : { observed: `the scheduler says nothing about a pod ${why}` };
      },
    });
  } catch (error) {
    if (error instanceof ProductFault) return [error.observed];
    throw error;
  } finally {
    await api.remove(path);
  }
}

/** Every scheduler leaves these plugins out when it filters nodes. */
function ignoring(...plugins: string[]) {
  return faulty(async (context: ClusterContext, mend: Mend) => {
    mend(() => controlPlaneWhole(context));
    const disabled = plugins.map((name) => `{name: ${name}}`).join(', ');
    for (const host of controlPlanes(context)) {
      mend(() => restartUnit(host, 'kube-scheduler'));
      await editFile(host, CONFIGURATION, `$a profiles: [{schedulerName: default-scheduler, plugins: {filter: {disabled: [${disabled}]}}}]`, mend);
      await restartUnit(host, 'kube-scheduler');
    }
    await controlPlaneWhole(context);
  });
}
