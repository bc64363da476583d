import type { V1Node, V1Pod } from '@kubernetes/client-node';
import { parse, stringify } from 'yaml';
import type { Check, ClusterContext } from '../../check.ts';
import { controlPlanes, kube } from '../api-server.ts';
import { controlPlaneWhole } from '../fault/api-server.ts';
import { replaceFile } from '../fault/file.ts';
import { faulty, type Mend } from '../fault/mend.ts';
import { restartUnit } from '../fault/unit.ts';
import { ensureNamespace } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import type { KubeApi } from '../kube-api.ts';
import { must } from '../machine.ts';
import { NAMESPACE_PATH } from '../namespace.ts';
import { removePods, testPod } from '../pod.ts';
import { ProductFault } from '../product-fault.ts';
import { uniqueName } from '../unique.ts';
import { patiently, until } from '../wait.ts';

/** Milliseconds: the scheduler decides about a pod at once. */
const DECISION_LIMIT = 20_000;
/** Cores that no node has. */
const TOO_MANY = '10000';
/** A pod for this node alone; the value is the node's name unless its kubelet was told another. */
const HOSTNAME = 'kubernetes.io/hostname';
const UNIT = 'kube-scheduler';
const CONFIGURATION = '/etc/kubernetes/scheduler.yaml';

/** A pod that fits no node, and why. */
interface Misfit {
  readonly why: string;
  readonly pod: V1Pod;
}

export const schedulerObeys: Check = {
  name: 'scheduler-obeys',
  title: 'The scheduler puts no pod on a node that has not the resources, the labels or the freedom of taints that it asks for',
  // All at once, then the pods go.
  limitMs: DECISION_LIMIT + 30_000,
  blockedBy: ['etcd-health', 'api-server-version', 'leader-leases', 'nodes-ready', 'pod-on-every-node'],
  async run(context) {
    const api = kube(context);
    await ensureNamespace(context, api);
    const misfits = await misfitsOf(context);
    try {
      const complaints = await Promise.all(misfits.map(async (misfit) => complaintAbout(context, api, misfit)));
      return judgeComplaints(`pods wait that ${misfits.map(({ why }) => why).join(', ')}`, complaints.flat());
    } finally {
      await removePods(api, misfits.map(({ pod }) => pod.metadata?.name ?? ''));
    }
  },
  sabotages: [
    {
      name: 'filters-off',
      observed: /^(?=.*want 10000 cores: put on )(?=.*want a label that no node has: put on )(?=.*do not tolerate the taint of \S+: put on )/,
      apply: withoutFilters('NodeResourcesFit', 'NodeAffinity', 'TaintToleration'),
    },
    { name: 'taints-ignored', observed: /^pods that do not tolerate the taint of \S+: put on \S+$/, apply: withoutFilters('TaintToleration') },
  ],
};

/** Each may run on any node but for one thing; what keeps pods from tainted nodes is asked where a node has a taint. */
async function misfitsOf(context: ClusterContext): Promise<Misfit[]> {
  const { items } = await kube(context).get<{ items: V1Node[] }>('/api/v1/nodes');
  const tainted = items.find(({ spec }) => spec?.taints?.some(({ effect }) => effect === 'NoSchedule') === true)?.metadata?.labels?.[HOSTNAME];
  return [
    misfit(context, 'want 10000 cores', (container) => ({ containers: [{ ...container, resources: { requests: { cpu: TOO_MANY } } }] })),
    misfit(context, 'want a label that no node has', () => ({ nodeSelector: { 'proofgrid.dev/nowhere': 'true' } })),
    ...(tainted === undefined ? [] : [misfit(context, `do not tolerate the taint of ${tainted}`, () => ({ nodeSelector: { [HOSTNAME]: tainted }, tolerations: [] }))]),
  ];
}

type PodSpec = NonNullable<V1Pod['spec']>;

function misfit(context: ClusterContext, why: string, change: (container: PodSpec['containers'][number]) => Partial<PodSpec>): Misfit {
  const pod = testPod(context, { name: uniqueName('misfit'), node: '', placedBy: 'direct' });
  const [container] = pod.spec?.containers ?? [];
  if (pod.spec === undefined || container === undefined) throw new Error('a test pod has one container');
  const { nodeName: _, ...spec } = pod.spec;
  return { why, pod: { ...pod, spec: { ...spec, ...change(container) } } };
}

/** Nothing once the scheduler has said that the pod fits nowhere. */
async function complaintAbout(context: ClusterContext, api: KubeApi, { why, pod }: Misfit): Promise<string[]> {
  const name = pod.metadata?.name ?? '';
  await api.post(`${NAMESPACE_PATH}/pods`, pod);
  try {
    return await until({
      what: `the scheduler has decided about pod ${name}`,
      limitMs: patiently(context, DECISION_LIMIT),
      signal: context.signal,
      attempt: async () => {
        const { spec, status } = await api.get<V1Pod>(`${NAMESPACE_PATH}/pods/${name}`);
        if (spec?.nodeName !== undefined) return { value: [`pods that ${why}: put on ${spec.nodeName}`] };
        const told = status?.conditions?.some((condition) => condition.type === 'PodScheduled' && condition.reason === 'Unschedulable') === true;
        return told ? { value: [] } : { observed: 'the scheduler says nothing about one' };
      },
    });
  } catch (error) {
    if (error instanceof ProductFault) return [`pods that ${why}: ${error.observed}`];
    throw error;
  }
}

/** A scheduler that is configured not to ask these plugins. */
function withoutFilters(...names: readonly string[]) {
  return faulty(async (context, mend: Mend) => {
    const hosts = controlPlanes(context);
    mend(() => controlPlaneWhole(context));
    for (const host of hosts) {
      mend(() => restartUnit(host, UNIT));
      const configuration = parse(await must(host, ['cat', CONFIGURATION])) as Record<string, unknown>;
      const profiles = [{ schedulerName: 'default-scheduler', plugins: { filter: { disabled: names.map((name) => ({ name })) } } }];
      await replaceFile(host, CONFIGURATION, stringify({ ...configuration, profiles }), mend);
      await restartUnit(host, UNIT);
    }
    await controlPlaneWhole(context);
  });
}
