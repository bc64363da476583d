import type { V1Pod } from '@kubernetes/client-node';
import type { Check, ClusterContext } from '../../check.ts';
import { controlPlanes, kube, last, nodes } from '../api-server.ts';
import { approvedCertificate, tokenOfSecret } from '../controllers/identity.ts';
import { controllerTrials, type Trial } from '../controllers/trials.ts';
import { controlPlaneWhole } from '../fault/api-server.ts';
import { addArguments } from '../fault/file.ts';
import { faulty, type Mend } from '../fault/mend.ts';
import { restartUnit } from '../fault/unit.ts';
import { ensureNamespace } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import { testPod } from '../pod.ts';
import { leaderOf } from '../leader-lease.ts';
import { ProductFault } from '../product-fault.ts';
import { patiently, until } from '../wait.ts';

/** Milliseconds for each: a pod starts in seconds, everything else is a matter of one. */
const WORK_LIMIT = 45_000;

export const controllersWork: Check = {
  name: 'controllers-work',
  title: 'Each controller of the controller manager does its one job, when it is asked to',
  // All at once, then their objects go.
  limitMs: WORK_LIMIT + 60_000,
  blockedBy: ['etcd-health', 'api-server-version', 'leader-leases', 'nodes-ready', 'test-pods', 'pod-on-every-node'],
  async run(context) {
    await ensureNamespace(context, kube(context));
    const trials = [...controllerTrials(podSpec(context)), approvedCertificate(), tokenOfSecret(context)];
    const complaints = await Promise.all(trials.map(async (trial) => tried(context, trial)));
    return judgeComplaints(`${trials.length} controllers have done what they were asked: ${trials.map(({ controller }) => controller).join(', ')}`, complaints.flat());
  },
  sabotages: [
    { name: 'workloads-off', observed: naming('deployment', 'daemonset', 'statefulset', 'job', 'cronjob'), apply: without('deployment', 'daemonset', 'statefulset', 'job', 'cronjob') },
    {
      name: 'housekeeping-off',
      observed: naming('garbage-collector', 'namespace', 'certificate-signing', 'resource-quota', 'disruption'),
      apply: without('garbagecollector', 'namespace', 'csrsigning', 'resourcequota', 'disruption'),
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

/** The controllers of these names are off, in every controller manager. */
function without(...controllers: string[]) {
  return faulty(async (context: ClusterContext, mend: Mend) => {
    mend(() => controlPlaneWhole(context));
    for (const host of controlPlanes(context)) {
      mend(() => restartUnit(host, 'kube-controller-manager'));
      await addArguments(host, '/usr/local/bin/kube-controller-manager', [`--controllers='*',${controllers.map((name) => `-${name}`).join(',')},tokencleaner`], mend);
    }
    const before = await leaderOf(context, 'kube-controller-manager');
    for (const host of controlPlanes(context)) await restartUnit(host, 'kube-controller-manager');
    // The lease of the one that was killed still looks fresh, and all controllers wait for its end.
    await until({
      what: 'another controller manager leads',
      limitMs: 90_000,
      signal: context.signal,
      attempt: async () => {
        const leader = await leaderOf(context, 'kube-controller-manager');
        return leader !== '' && leader !== before ? { value: undefined } : { observed: leader };
      },
    });
  });
}
