import type { Check, ClusterContext } from '../../check.ts';
import { apiServers, bracket, kube, nodes } from '../api-server.ts';
import type { ApiServer } from '../api-server.ts';
import { faulty } from '../fault/mend.ts';
import { ensureNamespace } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import type { KubeRequest } from '../kube-api.ts';
import { NAMESPACE, NAMESPACE_PATH } from '../namespace.ts';
import { probeHttp } from '../probe.ts';
import { uniqueName } from '../unique.ts';

const BINDINGS = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
/** What a stolen token of any pod would be tried on first. Writes are dry runs: a cluster that lets them pass stays unharmed. */
const FORBIDDEN: readonly KubeRequest[] = [
  { path: '/api/v1/secrets' },
  { path: '/api/v1/nodes' },
  { path: '/api/v1/namespaces/kube-system/pods' },
  { method: 'POST', path: `${BINDINGS}?dryRun=All`, body: clusterAdmin('proofgrid-dry-run', 'ServiceAccount') },
  { method: 'DELETE', path: '/api/v1/namespaces/kube-public?dryRun=All' },
];

export const unprivilegedRefused: Check = {
  name: 'unprivileged-refused',
  title: 'API servers and kubelets know a service account without rights, and refuse it',
  // A token, six requests to each API server and one to each kubelet.
  limitMs: 60_000,
  blockedBy: ['etcd-health', 'api-server-version', 'nodes-ready'],
  async run(context) {
    const api = kube(context);
    await ensureNamespace(context, api);
    const name = uniqueName('nobody');
    const accounts = `${NAMESPACE_PATH}/serviceaccounts`;
    await api.post(accounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: NAMESPACE } });
    try {
      const asked = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 600, audiences: [] } };
      const { status } = await api.post<{ status: { token: string } }>(`${accounts}/${name}/token`, asked);
      const complaints = await Promise.all([
        ...apiServers(context, { token: status.token }).map(complain),
        ...nodes(context).map(({ name: node, address }) => kubeletComplaint(context, node, address, status.token)),
      ]);
      return judgeComplaints('requests without rights refused with HTTP 403', complaints.flat());
    } finally {
      await api.remove(`${accounts}/${name}`);
    }
  },
  sabotages: [
    {
      name: 'everybody-is-cluster-admin',
      observed: /GET \/api\/v1\/secrets: HTTP 200/,
      apply: faulty(async (context, mend) => {
        const binding = clusterAdmin('proofgrid-sabotage-everybody', 'Group');
        mend(() => kube(context).remove(`${BINDINGS}/${binding.metadata.name}`));
        await kube(context).post(BINDINGS, binding);
      }),
    },
  ],
};

/** The token must be known: a refusal of a token that no API server accepts would prove nothing. */
async function complain({ host, api }: ApiServer): Promise<string[]> {
  const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { nonResourceAttributes: { path: '/', verb: 'get' } } };
  const { status: known } = await api.send({ method: 'POST', path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', body: review });
  if (known !== 201) return [`${host.name}: the service account is not known: HTTP ${known}`];
  const answers = await Promise.all(FORBIDDEN.map(async (asked) => ({ asked, status: (await api.send(asked)).status })));
  return answers
    .filter(({ status }) => status !== 403)
    .map(({ asked, status }) => `${host.name}: ${asked.method ?? 'GET'} ${asked.path}: HTTP ${status}`);
}

async function kubeletComplaint(context: ClusterContext, node: string, address: string, token: string): Promise<string[]> {
  const url = `https://${bracket(address)}:10250/pods`;
  const { status, error } = await probeHttp(context, url, { authorization: `Bearer ${token}` });
  return status === 403 ? [] : [`kubelet of ${node}: /pods: ${status === 0 ? error : `HTTP ${status}`}`];
}

function clusterAdmin(name: string, kind: 'Group' | 'ServiceAccount') {
  const subject =
    kind === 'Group'
      ? { kind, apiGroup: 'rbac.authorization.k8s.io', name: 'system:authenticated' }
      : { kind, namespace: NAMESPACE, name: 'default' };
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [subject],
  };
}
