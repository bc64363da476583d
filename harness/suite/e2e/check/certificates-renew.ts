import { X509Certificate } from 'node:crypto';
import type { Check, ClusterContext, Host } from '../../check.ts';
import { apiServers, kube, nodes } from '../api-server.ts';
import { REQUESTS, SHORTEST, signingRequest } from '../controllers/identity.ts';
import { withoutControllers } from '../fault/controller-manager.ts';
import { faulty } from '../fault/mend.ts';
import { judgeComplaints } from '../judge.ts';
import { must } from '../machine.ts';
import { ProductFault } from '../product-fault.ts';
import { uniqueName } from '../unique.ts';
import { patiently, until } from '../wait.ts';

const PKI = '/etc/kubernetes/pki';
const BINDING = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/proofgrid:kubelet-renewal';
/** Seconds that the certificate has left which a kubelet looks after. Only one that renews has this. */
const TTL = /^kubelet_certificate_manager_client_ttl_seconds (\S+)$/m;
/** Milliseconds. Two controllers do their work, in a second. */
const ISSUE_LIMIT = 20_000;

export const certificatesRenew: Check = {
  name: 'certificates-renew',
  title: 'Each kubelet looks after its own certificate, and with its credential it is given another one',
  // One command on each machine and two requests for each, side by side.
  limitMs: ISSUE_LIMIT + 30_000,
  needs: ['document', 'machines'],
  blockedBy: ['etcd-health', 'api-server-version', 'leader-leases', 'nodes-ready', 'controllers-work'],
  async run(context) {
    const complaints = await Promise.all(nodes(context).map((host) => complain(context, host)));
    return judgeComplaints(`${nodes(context).length} kubelets with certificates that renew`, complaints.flat());
  },
  sabotages: [
    { name: 'approver-off', observed: /^(\S+: a new certificate of the kubelet is not approved(; |$))+$/, apply: withoutControllers(['csrapproving']) },
    {
      name: 'renewal-not-allowed',
      observed: /^(\S+: a new certificate of the kubelet is not approved(; |$))+$/,
      apply: faulty(async (context, mend) => {
        const api = kube(context);
        const { metadata, ...binding } = await api.get<{ metadata: { name: string } }>(BINDING);
        const body = { ...binding, metadata: { name: metadata.name } };
        // also where a deploy has made it anew
        mend(() => api.send({ method: 'PATCH', path: `${BINDING}?fieldManager=proofgrid-sabotage&force=true`, body, contentType: 'application/apply-patch+yaml' }));
        await api.remove(BINDING);
      }),
    },
  ],
};

interface SigningRequest {
  readonly status?: { readonly certificate?: string; readonly conditions?: readonly { readonly type: string }[] };
}

async function complain(context: ClusterContext, host: Host): Promise<string[]> {
  const { body } = await kube(context).send({ path: `/api/v1/nodes/${host.name}/proxy/metrics` });
  const left = Number(TTL.exec(body)?.[1]);
  const watched = left > 0 && Number.isFinite(left) ? [] : ['the kubelet does not look after its certificate'];
  return [...watched, ...(await renewal(context, host))].map((complaint) => `${host.name}: ${complaint}`);
}

async function renewal(context: ClusterContext, host: Host): Promise<string[]> {
  const api = kube(context);
  const name = uniqueName('proofgrid-e2e-renewal');
  const subject = `system:node:${host.name}`;
  try {
    await request(context, host, name, await signingRequest(`/O=system:nodes/CN=${subject}`));
    const certificate = await until({
      what: `a new certificate of the kubelet of ${host.name} is issued`,
      limitMs: patiently(context, ISSUE_LIMIT),
      signal: context.signal,
      attempt: async () => {
        const { status = {} } = await api.get<SigningRequest>(`${REQUESTS}/${name}`);
        if (status.certificate !== undefined) return { value: new X509Certificate(Buffer.from(status.certificate, 'base64')) };
        const approved = status.conditions?.some(({ type }) => type === 'Approved') === true;
        return { observed: `a new certificate of the kubelet is ${approved ? 'approved, and not signed' : 'not approved'}` };
      },
    });
    return certificate.subject.split('\n').includes(`CN=${subject}`) ? [] : [`a new certificate of the kubelet is for ${certificate.subject.replaceAll('\n', ', ')}`];
  } catch (error) {
    if (error instanceof ProductFault) return [error.observed];
    throw error;
  } finally {
    await api.remove(`${REQUESTS}/${name}`);
  }
}

/** As the kubelet itself would, from its machine. */
async function request(context: ClusterContext, host: Host, name: string, pem: string): Promise<void> {
  const [server] = apiServers(context);
  const spec = { request: Buffer.from(pem).toString('base64'), signerName: 'kubernetes.io/kube-apiserver-client-kubelet', usages: ['digital signature', 'key encipherment', 'client auth'], expirationSeconds: SHORTEST };
  const body = JSON.stringify({ apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name }, spec });
  const identity = ['--cacert', `${PKI}/ca.crt`, '--cert', `${PKI}/kubelet-client.crt`, '--key', `${PKI}/kubelet-client.key`];
  const sent = ['--header', 'Content-Type: application/json', '--data', '@-'];
  await must(host, ['curl', '--silent', '--show-error', '--fail', '--max-time', '10', '--output', '/dev/null', ...identity, ...sent, `${server?.api.server}${REQUESTS}`], { input: body });
}
