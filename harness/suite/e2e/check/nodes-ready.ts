import type { V1Node } from '@kubernetes/client-node';
import type { Check, ClusterContext, Host } from '../../check.ts';
import { kube, last, nodes } from '../api-server.ts';
import { faulty } from '../fault/mend.ts';
import { nodesReady as untilNodesReady } from '../fault/node.ts';
import { stopUnit } from '../fault/unit.ts';
import { runOtherVersion } from '../fault/version.ts';
import { judgeComplaints } from '../judge.ts';
import { statusMessage } from '../kube-api.ts';
import { until } from '../wait.ts';
import { sameRelease } from '../version.ts';

const ROLE_LABEL = 'node-role.kubernetes.io/';

export const nodesReady: Check = {
  name: 'nodes-ready',
  title: 'Every machine is a Ready node with the expected kubelet, runtime and roles, and no other node exists',
  // A list and one request to each kubelet.
  limitMs: 40_000,
  blockedBy: ['etcd-health', 'api-server-version', 'leader-leases'],
  async run(context) {
    const hosts = nodes(context);
    const { items } = await kube(context).get<{ items: V1Node[] }>('/api/v1/nodes');
    const complaints = await Promise.all(hosts.map((host) => complain(context, host, items.find(({ metadata }) => metadata?.name === host.name))));
    const strangers = items.filter(({ metadata }) => !hosts.some(({ name }) => name === metadata?.name));
    return judgeComplaints(
      `${hosts.length} Ready nodes with kubelet v${context.deployment.spec.kubernetes.version} on ${context.deployment.spec.runtime.name}`,
      [...complaints.flat(), ...strangers.map(({ metadata }) => `${metadata?.name}: no such machine`)],
    );
  },
  sabotages: [
    {
      name: 'kubelet-stopped',
      observed: /: kubelet does not answer: .*(refused|unreachable)|: Ready is (False|Unknown)/,
      apply: faulty(async (context, mend) => {
        mend(() => untilNodesReady(context));
        await stopUnit([last(nodes(context))], 'kubelet', mend);
      }),
    },
    {
      name: 'another-kubelet',
      observed: /: kubelet v\d+\.\d+\.[89]\b/,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        const { version } = context.deployment.spec.kubernetes;
        const reported = async () => (await kube(context).get<V1Node>(`/api/v1/nodes/${host.name}`)).status?.nodeInfo?.kubeletVersion ?? '';
        const untilReported = (wanted: string) =>
          until({
            what: `${host.name} reports kubelet ${wanted}`,
            limitMs: 60_000,
            signal: context.signal,
            attempt: async () => ((await reported()) === wanted ? { value: undefined } : { observed: await reported() }),
          });
        mend(() => untilNodesReady(context));
        mend(() => untilReported(`v${version}`));
        await untilReported(`v${await runOtherVersion(host, 'kubelet', version, mend)}`);
        await untilNodesReady(context);
      }),
    },
    {
      name: 'role-label-lost',
      observed: /: roles are \[[^\]]*\], expected \[/,
      apply: faulty(async (context, mend) => {
        const { name, roles } = last(nodes(context));
        const role = roles.includes('worker') ? 'worker' : 'control-plane';
        const label = (value: string | null) =>
          kube(context).send({
            method: 'PATCH',
            path: `/api/v1/nodes/${name}`,
            contentType: 'application/merge-patch+json',
            body: { metadata: { labels: { [`${ROLE_LABEL}${role}`]: value } } },
          });
        mend(() => label(''));
        await label(null);
      }),
    },
  ],
};

async function complain(context: ClusterContext, host: Host, node: V1Node | undefined): Promise<string[]> {
  if (node === undefined) return [`${host.name}: is no node`];
  const { kubernetes, runtime } = context.deployment.spec;
  const health = await kube(context).send({ path: `/api/v1/nodes/${host.name}/proxy/healthz` });
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  const info = node.status?.nodeInfo;
  const wantedRuntime = `${runtime.name}://${runtime.version ?? ''}`;
  const expected = host.roles.filter((role) => role !== 'etcd').sort();
  const roles = rolesOf(node);
  const unknown = context.missing?.document !== undefined;
  const said = {
    ready: ready?.status === 'True' ? undefined : `Ready is ${ready?.status ?? 'missing'}: ${ready?.message ?? ''}`,
    health: health.status === 200 ? undefined : `kubelet does not answer: ${statusMessage(health.body)}`,
    // A cluster that nobody has a document of may be in the middle of an upgrade, and has the roles that it has.
    version: unknown || info?.kubeletVersion === `v${kubernetes.version}` ? undefined : `kubelet ${info?.kubeletVersion}, expected v${kubernetes.version}`,
    runtime: unknown || hasRuntime(info?.containerRuntimeVersion, runtime.version, wantedRuntime) ? undefined : `runtime ${info?.containerRuntimeVersion}, expected ${wantedRuntime}`,
    roles: unknown || roles.join() === expected.join() ? undefined : `roles are [${roles.join(', ')}], expected [${expected.join(', ')}]`,
  };
  return Object.values(said).flatMap((complaint) => (complaint === undefined ? [] : [`${host.name}: ${complaint}`]));
}

function hasRuntime(reported: string | undefined, pinned: string | undefined, wanted: string): boolean {
  if (reported === undefined) return false;
  const [name, version] = reported.split('://');
  const [wantedName] = wanted.split('://');
  return name === wantedName && (pinned === undefined || sameRelease(version ?? '', pinned));
}

/** Roles as labels, `master` left out: that is what 1.23 and older call the control plane as well. */
function rolesOf(node: V1Node): string[] {
  const labels = Object.keys(node.metadata?.labels ?? {});
  const roles = labels.flatMap((label) => (label.startsWith(ROLE_LABEL) ? [label.slice(ROLE_LABEL.length)] : []));
  return roles.filter((role) => role !== 'master').sort();
}
