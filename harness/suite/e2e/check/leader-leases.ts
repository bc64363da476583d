import type { Check } from '../../check.ts';
import { controlPlanes } from '../api-server.ts';
import { controlPlaneWhole } from '../fault/api-server.ts';
import { faulty } from '../fault/mend.ts';
import { stopUnit } from '../fault/unit.ts';
import { judgeComplaints } from '../judge.ts';
import { LEADING, leaseComplaint, renewalComplaint } from '../leader-lease.ts';
import type { Leading } from '../leader-lease.ts';
import { until } from '../wait.ts';

export const leaderLeases: Check = {
  name: 'leader-leases',
  title: 'The controller manager and the scheduler each have a leader that renews its lease',
  // A lease is renewed every 2 s, or runs out within 15 s.
  limitMs: 35_000,
  blockedBy: ['etcd-health', 'api-server-version'],
  async run(context) {
    const complaints = await Promise.all(LEADING.map((component) => renewalComplaint(context, component)));
    return judgeComplaints(`leases of ${LEADING.join(' and ')} that are renewed`, complaints.flatMap((complaint) => complaint ?? []));
  },
  sabotages: [
    { name: 'schedulers-stopped', observed: withoutFreshLease('kube-scheduler'), apply: withoutLeader('kube-scheduler') },
    {
      name: 'controller-managers-stopped',
      observed: withoutFreshLease('kube-controller-manager'),
      apply: withoutLeader('kube-controller-manager'),
    },
  ],
};

/** A leader that stops gives its lease back; one that is killed, or of an older version, lets it run out. */
function withoutFreshLease(component: Leading): RegExp {
  return new RegExp(`${component}: (lease renewed \\d+ s ago|nobody holds the lease)`);
}

/** The fault is in once the lease that the last leader left behind has run out. */
function withoutLeader(component: Leading) {
  return faulty(async (context, mend) => {
    mend(() => controlPlaneWhole(context));
    await stopUnit(controlPlanes(context), component, mend);
    await until({
      what: `the lease of ${component} has run out`,
      limitMs: 60_000,
      signal: context.signal,
      attempt: async () => ((await leaseComplaint(context, component)) === undefined ? { observed: 'a fresh lease' } : { value: undefined }),
    });
  });
}
