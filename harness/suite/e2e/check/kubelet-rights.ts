import type { Check, ClusterContext, Host } from '../../check.ts';
import { apiServers, kube, nodes } from '../api-server.ts';
import { addApiServerFlags } from '../fault/api-server.ts';
import { faulty } from '../fault/mend.ts';
import { judgeComplaints } from '../judge.ts';
import type { KubeRequest } from '../kube-api.ts';
import { must } from '../machine.ts';

const PKI = '/etc/kubernetes/pki';
const BINDINGS = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
/** Only NodeRestriction refuses it: a kubelet may otherwise write any label of its own node. */
const OWN_LABEL = { metadata: { labels: { 'node-restriction.kubernetes.io/proofgrid': 'e2e' } } };

export const kubeletRights: Check = {
  name: 'kubelet-rights',
  title: 'With the credential of its kubelet, a machine may read its own node, and neither read secrets, nor give rights, nor change other nodes',
  // Five commands on each machine for each API server, side by side; each ends within 10 s.
  limitMs: 90_000,
  needs: ['machines'],
  blockedBy: ['etcd-health', 'api-server-version', 'nodes-ready', 'unprivileged-refused'],
  async run(context) {
    const servers = apiServers(context).map(({ api }) => api.server);
    const complaints = await Promise.all(nodes(context).flatMap((host) => servers.map((server) => complain(context, host, server))));
    return judgeComplaints('kubelets refused with HTTP 403', complaints.flat());
  },
  sabotages: [
    {
      name: 'node-restriction-off',
      observed: /PATCH own node \(NodeRestriction\): HTTP 200/,
      apply: faulty((context, mend) => addApiServerFlags(context, ['--disable-admission-plugins=NodeRestriction'], mend, ['--enable-admission-plugins=NodeRestriction'])),
    },
    {
      name: 'kubelets-are-administrators',
      observed: /GET \/api\/v1\/secrets\?limit=1: HTTP 200/,
      apply: faulty(async (context, mend) => {
        const binding = clusterAdmin('proofgrid-sabotage-kubelets');
        mend(() => kube(context).remove(`${BINDINGS}/${binding.metadata.name}`));
        await kube(context).post(BINDINGS, binding);
      }),
    },
  ],
};

/** All writes are dry runs: a cluster that lets them pass stays unharmed. */
async function complain(context: ClusterContext, host: Host, server: string): Promise<string[]> {
  const own = `/api/v1/nodes/${host.name}`;
  const other = nodes(context).find(({ name }) => name !== host.name);
  const patch = { method: 'PATCH', body: OWN_LABEL, contentType: 'application/merge-patch+json' } as const;
  const asked: readonly { readonly request: KubeRequest; readonly what?: string; readonly status: number }[] = [
    { request: { path: own }, status: 200 },
    { request: { path: '/api/v1/secrets?limit=1' }, status: 403 },
    { request: { method: 'POST', path: `${BINDINGS}?dryRun=All`, body: clusterAdmin('proofgrid-dry-run') }, status: 403 },
    { request: { ...patch, path: `${own}?dryRun=All` }, what: 'PATCH own node (NodeRestriction)', status: 403 },
    ...(other === undefined ? [] : [{ request: { ...patch, path: `/api/v1/nodes/${other.name}?dryRun=All`, body: { metadata: { labels: { proofgrid: 'e2e' } } } }, status: 403 }]),
  ];
  const complaints = await Promise.all(asked.map(async ({ request, what = `${request.method ?? 'GET'} ${request.path}`, status }) => {
    const answered = await ask(host, server, request);
    return answered === status ? [] : [`kubelet of ${host.name} at ${server}: ${what}: HTTP ${answered}`];
  }));
  return complaints.flat();
}

async function ask(host: Host, server: string, { method = 'GET', path, body, contentType = 'application/json' }: KubeRequest): Promise<number> {
  const identity = ['--cacert', `${PKI}/ca.crt`, '--cert', `${PKI}/kubelet-client.crt`, '--key', `${PKI}/kubelet-client.key`];
  const sent = body === undefined ? [] : ['--header', `Content-Type: ${contentType}`, '--data', JSON.stringify(body)];
  const shown = ['--silent', '--show-error', '--max-time', '10', '--output', '/dev/null', '--write-out', '%{http_code}'];
  return Number(await must(host, ['curl', ...shown, ...identity, '--request', method, ...sent, `${server}${path}`]));
}

function clusterAdmin(name: string) {
  const apiGroup = 'rbac.authorization.k8s.io';
  return {
    apiVersion: `${apiGroup}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup, kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'Group', apiGroup, name: 'system:nodes' }],
  };
}
