import type { Check, Host } from '../../check.ts';
import { etcdMembers, last } from '../api-server.ts';
import { etcdctl, readHealth, readMembers, readStatus } from '../etcd.ts';
import { ETCD_FILE } from '../etcd-settings.ts';
import { controlPlaneWhole } from '../fault/api-server.ts';
import { editFile } from '../fault/file.ts';
import { faulty } from '../fault/mend.ts';
import { restartUnit, stopUnit } from '../fault/unit.ts';
import { runOtherVersion } from '../fault/version.ts';
import { judgeComplaints } from '../judge.ts';
import { must } from '../machine.ts';
import { ProductFault } from '../product-fault.ts';
import { until } from '../wait.ts';

/** RFC 5737: an address that nobody has. */
const NOBODY = 'https://192.0.2.1:2380';
/** Below no prefix of Kubernetes. */
const KEY = '/proofgrid-sabotage';

export const etcdHealth: Check = {
  name: 'etcd-health',
  title: 'Every etcd member has joined, is healthy and without alarms, runs the expected version, and follows one leader',
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
    {
      name: 'stranger-added',
      observed: /: unknown member \d+; \S+: \d+ is still a learner/,
      apply: faulty(async (context, mend) => {
        const host = last(etcdMembers(context));
        mend(async () => {
          const stranger = (await readMembers(host)).find(({ peerURLs }) => peerURLs.includes(NOBODY));
          if (stranger !== undefined) await must(host, etcdctl(host, 'member', 'remove', BigInt(stranger.id).toString(16)));
        });
        await must(host, etcdctl(host, 'member', 'add', 'stranger', '--learner', `--peer-urls=${NOBODY}`));
      }),
    },
    {
      name: 'out-of-space',
      observed: /alarm:NOSPACE/,
      apply: faulty(async (context, mend) => {
        const host = last(etcdMembers(context));
        mend(() => controlPlaneWhole(context));
        mend(() => must(host, etcdctl(host, 'del', KEY)));
        mend(() => must(host, etcdctl(host, 'alarm', 'disarm')));
        mend(() => restartUnit(host, 'etcd'));
        await editFile(host, ETCD_FILE, String.raw`s/\("quota-backend-bytes": *\)[0-9]*/\165536/`, mend);
        await restartUnit(host, 'etcd');
        await until({
          what: 'a write has found no space',
          limitMs: 60_000,
          signal: context.signal,
          attempt: async () => {
            await host.exec(etcdctl(host, 'put', KEY, 'no space'));
            const { errors } = await readStatus(host);
            return errors.some((error) => error.includes('NOSPACE')) ? { value: undefined } : { observed: errors.join(', ') || 'no alarm' };
          },
        });
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
      ...members.filter(({ learner }) => learner).map(({ id, name }) => `${host.name}: ${name || id} is still a learner`),
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
