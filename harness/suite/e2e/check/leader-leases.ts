import type { V1Lease } from '@kubernetes/client-node';
import type { Check, ClusterContext } from '../../check.ts';
import { controlPlanes, kube } from '../api-server.ts';
import { faulty } from '../fault/mend.ts';
import { stopUnit } from '../fault/unit.ts';
import { judgeComplaints } from '../judge.ts';
import type { KubeApi } from '../kube-api.ts';
import { ProductFault } from '../product-fault.ts';
import { until } from '../wait.ts';

const COMPONENTS = ['kube-controller-manager', 'kube-scheduler'] as const;
type Component = (typeof COMPONENTS)[number];

export const leaderLeases: Check = {
  name: 'leader-leases',
  title: 'The controller manager and the scheduler each have a leader with a fresh lease',
  // Two requests.
  limitMs: 35_000,
  async run(context) {
    const api = kube(context);
    const complaints = await Promise.all(COMPONENTS.map((component) => complain(api, component)));
    return judgeComplaints(`fresh leases of ${COMPONENTS.join(' and ')}`, complaints.flatMap((complaint) => complaint ?? []));
  },
  sabotages: [
    { name: 'schedulers-stopped', observed: /kube-scheduler: lease renewed \d+ s ago/, apply: withoutLeader('kube-scheduler') },
    {
      name: 'controller-managers-stopped',
      observed: /kube-controller-manager: lease renewed \d+ s ago/,
      apply: withoutLeader('kube-controller-manager'),
    },
  ],
};

async function complain(api: KubeApi, component: Component): Promise<string | undefined> {
  const { status, body, date } = await api.send({ path: `/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/${component}` });
  if (status !== 200) return `${component}: HTTP ${status} for its lease`;
  const { spec } = JSON.parse(body) as { spec: V1Lease['spec'] };
  if (!spec?.holderIdentity) return `${component}: nobody holds the lease`;
  const age = Math.round((date.getTime() - new Date(spec.renewTime ?? 0).getTime()) / 1000);
  return age <= (spec.leaseDurationSeconds ?? 15) ? undefined : `${component}: lease renewed ${age} s ago`;
}

/** The fault is in once the lease that the last leader left behind has run out. */
function withoutLeader(component: Component) {
  return faulty(async (context: ClusterContext, mend) => {
    const api = kube(context);
    mend(() => untilLease(context, `${component} leads again`, async () => (await complain(api, component)) === undefined));
    await stopUnit(controlPlanes(context), component, mend);
    await untilLease(context, `the lease of ${component} has run out`, async () => (await complain(api, component)) !== undefined);
  });
}

function untilLease(context: ClusterContext, what: string, holds: () => Promise<boolean>): Promise<void> {
  return until({
    what,
    limitMs: 60_000,
    signal: context.signal,
    attempt: async () => {
      if (await holds()) return { value: undefined };
      throw new ProductFault(what, 'not yet');
    },
  });
}
