import type { Check, ClusterContext, Host } from '../../check.ts';
import { apiServers, bracket, etcdMembers, kube, last, nodes } from '../api-server.ts';
import { admitAnonymous } from '../fault/api-server.ts';
import { addArguments } from '../fault/file.ts';
import { faulty } from '../fault/mend.ts';
import { nodesReady } from '../fault/node.ts';
import { restartUnit } from '../fault/unit.ts';
import { judgeComplaints } from '../judge.ts';
import { presentedCertificate, probeHttp } from '../probe.ts';

/** Everything but the health paths, which newer versions show to anybody: discovery and the version tell an attacker a lot. */
const API_PATHS = ['/api', '/apis', '/version', '/metrics', '/openapi/v2', '/api/v1/nodes', '/api/v1/secrets', '/api/v1/namespaces/kube-system/configmaps'];
const KUBELET_PATHS = ['/pods', '/metrics', '/configz', '/runningpods/'];
const REFUSED = [401, 403];

export const anonymousRefused: Check = {
  name: 'anonymous-refused',
  title: 'API servers, kubelets and etcd refuse whoever shows no identity',
  // All requests at once, 15 s at most for each.
  limitMs: 40_000,
  needs: ['document', 'machines'],
  blockedBy: ['etcd-health', 'api-server-version', 'nodes-ready'],
  async run(context) {
    const complaints = await Promise.all([
      ...apiServers(context).flatMap(({ host, port }) => API_PATHS.map((path) => mustRefuse(context, host, 'API server', port, path))),
      ...nodes(context).flatMap((host) => KUBELET_PATHS.map((path) => mustRefuse(context, host, 'kubelet', 10250, path))),
      ...nodes(context).map((host) => mustNotAnswer(context, host, 'http', 10255, 'read-only kubelet')),
      // Silence proves a refusal only where somebody is there to refuse.
      ...etcdMembers(context).map(async (host) => void (await presentedCertificate(context, host.address, 2379))),
      ...etcdMembers(context).flatMap((host) => [
        mustNotAnswer(context, host, 'https', 2379, 'etcd without a client certificate'),
        mustNotAnswer(context, host, 'http', 2379, 'etcd in clear text'),
      ]),
    ]);
    return judgeComplaints('anonymous requests refused by every API server, kubelet and etcd member', complaints.flatMap((list) => list ?? []));
  },
  sabotages: [
    {
      name: 'anonymous-is-cluster-admin',
      observed: /API server of \S+: \/api\/v1\/secrets: HTTP 200/,
      apply: faulty(async (context, mend) => {
        const binding = {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'ClusterRoleBinding',
          metadata: { name: 'proofgrid-sabotage-anonymous' },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
          subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'system:anonymous' }],
        };
        const path = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
        mend(() => kube(context).remove(`${path}/${binding.metadata.name}`));
        await kube(context).post(path, binding);
        await admitAnonymous(context, mend);
      }),
    },
    {
      name: 'kubelet-open',
      observed: /kubelet of \S+: \/pods: HTTP 200/,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        mend(() => nodesReady(context));
        mend(() => restartUnit(host, 'kubelet'));
        await addArguments(host, '/usr/local/bin/kubelet', ['--anonymous-auth=true', '--authorization-mode=AlwaysAllow'], mend);
        await restartUnit(host, 'kubelet');
        await nodesReady(context);
      }),
    },
  ],
};

async function mustRefuse(context: ClusterContext, host: Host, server: string, port: number, path: string): Promise<string[]> {
  const { status, error } = await probeHttp(context, `https://${bracket(host.address)}:${port}${path}`);
  return REFUSED.includes(status) ? [] : [`${server} of ${host.name}: ${path}: ${status === 0 ? error : `HTTP ${status}`}`];
}

/** Nothing at all may come back: the connection is refused, or ends in the handshake. */
async function mustNotAnswer(context: ClusterContext, host: Host, scheme: string, port: number, server: string): Promise<string[]> {
  const { status } = await probeHttp(context, `${scheme}://${bracket(host.address)}:${port}/version`);
  return status === 0 || (scheme === 'http' && status === 400) ? [] : [`${server} of ${host.name}: HTTP ${status}`];
}
