import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { ClusterContext } from '../../check.ts';
import { apiServers } from '../api-server.ts';
import { NAMESPACE, NAMESPACE_PATH } from '../namespace.ts';
import { uniqueName } from '../unique.ts';
import type { Trial } from './trials.ts';

export const REQUESTS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
/** Seconds, the shortest that a signer gives: https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/ */
export const SHORTEST = 600;

/** A client's certificate that was approved is signed. */
export function approvedCertificate(): Trial {
  const name = uniqueName('proofgrid-e2e-client');
  const path = `${REQUESTS}/${name}`;
  return {
    controller: 'certificate-signing',
    async start(api) {
      const request = Buffer.from(await signingRequest(`/CN=${name}`)).toString('base64');
      const spec = { request, signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'], expirationSeconds: SHORTEST };
      const made = await api.post<object>(REQUESTS, { apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name }, spec });
      const conditions = [{ type: 'Approved', status: 'True', reason: 'Check', message: 'approved by a check' }];
      await api.send({ method: 'PUT', path: `${path}/approval`, body: { ...made, status: { conditions } } });
    },
    async finished(api) {
      const { status } = await api.get<{ status?: { certificate?: string } }>(path);
      return status?.certificate === undefined ? 'a request that was approved is not signed' : undefined;
    },
    clean: async (api) => api.remove(path),
  };
}

/** PEM, for a key that nobody keeps. `subject` as openssl has it: `/O=system:nodes/CN=system:node:n1`. */
export async function signingRequest(subject: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'proofgrid-request-'));
  try {
    const [key, request] = [join(directory, 'key'), join(directory, 'request')];
    await execa('openssl', ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', subject, '-keyout', key, '-out', request]);
    return await readFile(request, 'utf8');
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** A Secret for a service account gets a token, and every API server takes it. */
export function tokenOfSecret(context: ClusterContext): Trial {
  const name = uniqueName('token');
  const accounts = `${NAMESPACE_PATH}/serviceaccounts`;
  const secrets = `${NAMESPACE_PATH}/secrets`;
  return {
    controller: 'service-account-token',
    async start(api) {
      await api.post(accounts, { metadata: { name } });
      await api.post(secrets, { metadata: { name, namespace: NAMESPACE, annotations: { 'kubernetes.io/service-account.name': name } }, type: 'kubernetes.io/service-account-token' });
    },
    async finished(api) {
      const { data } = await api.get<{ data?: { token?: string } }>(`${secrets}/${name}`);
      if (data?.token === undefined) return 'a Secret for a token has none';
      const token = Buffer.from(data.token, 'base64').toString();
      const refused = await Promise.all(apiServers(context, { token }).map(async (server) => {
        const { status } = await server.api.send({ path: '/api' });
        return status === 200 ? [] : [`${server.host.name} answers its token with HTTP ${status}`];
      }));
      return refused.flat().length === 0 ? undefined : refused.flat().join(', ');
    },
    clean: async (api) => {
      await api.remove(`${secrets}/${name}`);
      await api.remove(`${accounts}/${name}`);
    },
  };
}
