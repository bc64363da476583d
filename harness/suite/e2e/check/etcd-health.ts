import type { Check, Host } from '../../check.ts';
import { etcdMembers, last } from '../api-server.ts';
import { readHealth, readMembers, readStatus } from '../etcd.ts';
import { controlPlaneWhole } from '../fault/api-server.ts';
import { faulty } from '../fault/mend.ts';
import { stopUnit } from '../fault/unit.ts';
import { runOtherVersion } from '../fault/version.ts';
import { judgeComplaints } from '../judge.ts';
import { ProductFault } from '../product-fault.ts';

export const etcdHealth: Check = {
  name: 'etcd-health',
  title: 'Every etcd member has joined, is healthy, runs the expected version, and follows one leader',
  // Three commands on each member at the same time, 5 s at most for each that has no quorum, and their logins.
  limitMs: 40_000,
  needs: ['document', 'machines'],
  async run(context) {
    const hosts = etcdMembers(context);
    const { version } = context.deployment.spec.etcd;
    const views = await Promise.all(hosts.map((host) => view(host, hosts, version)));
    const leaders = new Set(views.flatMap(({ leader }) => leader ?? []));
    const disagreement = leaders.size > 1 ? [`members follow ${leaders.size} leaders`] : [];
    return judgeComplaints(
      `${hosts.length} healthy etcd members with version ${version} and one leader`,
      [...views.flatMap(({ complaints }) => complaints), ...disagreement],
    );
  },
  sabotages: [
    {
      name: 'member-stopped',
      observed: /context deadline exceeded|connection refused/,
      apply: faulty(async (context, mend) => {
        mend(() => controlPlaneWhole(context));
        await stopUnit([last(etcdMembers(context))], 'etcd', mend);
      }),
    },
    {
      name: 'another-version',
      observed: /: version \d+\.\d+\.(9+|8+), expected/,
      apply: faulty(async (context, mend) => {
        const host = last(etcdMembers(context));
        mend(() => controlPlaneWhole(context));
        await runOtherVersion(host, 'etcd', context.deployment.spec.etcd.version, mend);
      }),
    },
  ],
};

interface View {
  readonly complaints: readonly string[];
  readonly leader?: string;
}

/** The cluster as one member sees it. */
async function view(host: Host, hosts: readonly Host[], version: string): Promise<View> {
  try {
    const [members, status, health] = await Promise.all([readMembers(host), readStatus(host), readHealth(host)]);
    const names = members.map(({ name }) => name);
    const complaints = [
      ...hosts.filter(({ name }) => !names.includes(name)).map(({ name }) => `${host.name}: ${name} is no member`),
      ...members.filter(({ name }) => !hosts.some((known) => known.name === name)).map(({ id, name }) => `${host.name}: unknown member ${name || id}`),
      ...members.filter(({ learner }) => learner).map(({ name }) => `${host.name}: ${name} is still a learner`),
      ...(status.version === version ? [] : [`${host.name}: version ${status.version}, expected ${version}`]),
      ...(members.some(({ id }) => id === status.leader) ? [] : [`${host.name}: no leader`]),
      ...(health.healthy ? [] : [`${host.name}: unhealthy: ${health.error}`]),
      ...status.errors.map((error) => `${host.name}: ${error}`),
    ];
    return { complaints, leader: status.leader };
  } catch (error) {
    if (error instanceof ProductFault) return { complaints: [`${host.name}: ${error.observed}`] };
    throw error;
  }
}
