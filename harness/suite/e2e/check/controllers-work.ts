import type { V1Pod } from '@kubernetes/client-node';
import type { Check, ClusterContext } from '../../check.ts';
import { kube, last, nodes } from '../api-server.ts';
import { approvedCertificate, tokenOfSecret } from '../controllers/identity.ts';
import { controllerTrials, nodeLifecycle, type Trial } from '../controllers/trials.ts';
import { withoutControllers } from '../fault/controller-manager.ts';
import { ensureNamespace } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import { testPod } from '../pod.ts';
import { ProductFault } from '../product-fault.ts';
import { patiently, until } from '../wait.ts';

/** Milliseconds for each: a pod starts in seconds, everything else is a matter of one. */
const WORK_LIMIT = 45_000;

/** The controller for tokens starts before all others, and by its name it cannot be switched off. */
const NO_TOKENS = ['--service-account-private-key-file='];

export const controllersWork: Check = {
  name: 'controllers-work',
  title: 'Each controller of the controller manager does its one job, when it is asked to',
  // All at once, then their objects go.
  limitMs: WORK_LIMIT + 60_000,
  blockedBy: ['etcd-health', 'api-server-version', 'leader-leases', 'api-groups-answer', 'nodes-ready', 'test-pods', 'pod-on-every-node', 'containers-end'],
  async run(context) {
    await ensureNamespace(context, kube(context));
    const trials = [...controllerTrials(podSpec(context)), nodeLifecycle(last(nodes(context)).name), approvedCertificate(), tokenOfSecret(context)];
    const complaints = await Promise.all(trials.map(async (trial) => tried(context, trial)));
    return judgeComplaints(`${trials.length} controllers have done what they were asked: ${trials.map(({ controller }) => controller).join(', ')}`, complaints.flat());
  },
  sabotages: [
    { name: 'workloads-off', observed: naming('deployment', 'daemonset', 'statefulset', 'job', 'cronjob'), apply: withoutControllers(['deployment', 'daemonset', 'statefulset', 'job', 'cronjob']) },
    {
      name: 'housekeeping-off',
      observed: naming('garbage-collector', 'namespace', 'certificate-signing', 'resource-quota', 'disruption', 'node-lifecycle', 'service-account-token'),
      apply: withoutControllers(['garbagecollector', 'namespace', 'csrsigning', 'resourcequota', 'disruption', 'nodelifecycle'], NO_TOKENS),
    },
  ],
};

async function tried(context: ClusterContext, { controller, start, finished, clean }: Trial): Promise<string[]> {
  const api = kube(context);
  try {
    await start(api);
    await until({
      what: `${controller} has done its work`,
      limitMs: patiently(context, WORK_LIMIT),
      signal: context.signal,
      intervalMs: 500,
      attempt: async () => {
        const left = await finished(api);
        return left === undefined ? { value: undefined } : { observed: left };
      },
    });
    return [];
  } catch (error) {
    if (error instanceof ProductFault) return [`${controller}: ${error.observed}`];
    throw error;
  } finally {
    await clean(api);
  }
}

/** Of pods that controllers make; they may run on any node. */
function podSpec(context: ClusterContext): NonNullable<V1Pod['spec']> {
  const { spec } = testPod(context, { name: 'any', node: last(nodes(context)).name, placedBy: 'scheduler' });
  if (spec === undefined) throw new Error('a test pod has a spec');
  return spec;
}

function naming(...controllers: string[]): RegExp {
  return new RegExp(controllers.map((name) => `(?=.*(^|; )${name}: )`).join(''), 's');
}
