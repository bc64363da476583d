import { generateKeyPairSync } from 'node:crypto';
import type { Check, ClusterContext } from '../../check.ts';
import { apiServers, controlPlanes, kube } from '../api-server.ts';
import type { ApiServer } from '../api-server.ts';
import { addApiServerFlags } from '../fault/api-server.ts';
import { restartControllerManagers } from '../fault/controller-manager.ts';
import { replaceFile } from '../fault/file.ts';
import { faulty } from '../fault/mend.ts';
import { ensureNamespace } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import { NAMESPACE, NAMESPACE_PATH } from '../namespace.ts';
import { uniqueName } from '../unique.ts';
import { patiently, until } from '../wait.ts';

const ELSEWHERE = 'proofgrid-elsewhere';

export const tokensAccepted: Check = {
  name: 'tokens-accepted',
  title: 'A token that an API server or the controller manager issues is accepted by every API server, and refused with another audience',
  // Two requests to each API server for each token, and one token that a controller makes (30 s).
  limitMs: 90_000,
  blockedBy: ['etcd-health', 'api-server-version', 'leader-leases', 'controllers-work'],
  async run(context) {
    const api = kube(context);
    await ensureNamespace(context, api);
    const name = uniqueName('tokens');
    await api.post(`${NAMESPACE_PATH}/serviceaccounts`, { metadata: { name, namespace: NAMESPACE } });
    try {
      const [stored, ...issued] = await Promise.all([storedToken(context, name), ...apiServers(context).map(async (server) => ({ issuer: `API server of ${server.host.name}`, token: await issue(server, name) }))]);
      const elsewhere = await issue({ api }, name, [ELSEWHERE]);
      const complaints = await Promise.all([
        ...[...issued, { issuer: 'controller manager', token: stored }].flatMap(({ issuer, token }) => answers(context, token).map(async (answered) => {
          const { host, status } = await answered;
          return status === 201 ? [] : [`${host}: token of the ${issuer}: HTTP ${status}`];
        })),
        ...answers(context, elsewhere).map(async (answered) => {
          const { host, status } = await answered;
          return status === 401 ? [] : [`${host}: token for another audience: HTTP ${status}`];
        }),
      ]);
      return judgeComplaints('every token accepted by every API server, and none with another audience', complaints.flat());
    } finally {
      await api.remove(`${NAMESPACE_PATH}/serviceaccounts/${name}`);
      await api.remove(`${NAMESPACE_PATH}/secrets/${name}`);
    }
  },
  sabotages: [
    {
      name: 'controller-signs-with-another-key',
      observed: /token of the controller manager: HTTP 401/,
      apply: faulty(async (context, mend) => {
        const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs1', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
        mend(() => restartControllerManagers(context));
        for (const host of controlPlanes(context)) await replaceFile(host, '/etc/kubernetes/pki/sa.key', privateKey, mend);
        await restartControllerManagers(context);
      }),
    },
    {
      name: 'another-audience-accepted',
      observed: /token for another audience: HTTP 201/,
      apply: faulty((context, mend) => addApiServerFlags(context, [`--api-audiences=https://kubernetes.default.svc.cluster.local,${ELSEWHERE}`], mend)),
    },
  ],
};

async function issue({ api }: Pick<ApiServer, 'api'>, name: string, asked: readonly string[] = []): Promise<string> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 600, audiences: asked } };
  return (await api.post<{ status: { token: string } }>(`${NAMESPACE_PATH}/serviceaccounts/${name}/token`, body)).status.token;
}

/** The kind that a controller writes into a Secret. */
async function storedToken(context: ClusterContext, name: string): Promise<string> {
  const api = kube(context);
  const metadata = { name, namespace: NAMESPACE, annotations: { 'kubernetes.io/service-account.name': name } };
  await api.post(`${NAMESPACE_PATH}/secrets`, { type: 'kubernetes.io/service-account-token', metadata });
  return until({
    what: `Secret ${name} gets a token`,
    limitMs: patiently(context, 60_000),
    signal: context.signal,
    attempt: async () => {
      const token = (await api.get<{ data?: { token?: string } }>(`${NAMESPACE_PATH}/secrets/${name}`)).data?.token;
      return token === undefined ? { observed: 'the controller manager issues no token' } : { value: Buffer.from(token, 'base64').toString() };
    },
  });
}

/** Everybody who is known may ask for his own rights. */
function answers(context: ClusterContext, token: string): Promise<{ readonly host: string; readonly status: number }>[] {
  const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { nonResourceAttributes: { path: '/', verb: 'get' } } };
  return apiServers(context, { token }).map(async ({ host, api }) => ({ host: host.name, status: (await api.send({ method: 'POST', path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', body })).status }));
}
