import type { V1APIService, V1ValidatingWebhookConfiguration } from '@kubernetes/client-node';
import type { Check, ClusterContext } from '../../check.ts';
import { apiServers, kube } from '../api-server.ts';
import type { ApiServer } from '../api-server.ts';
import { faulty } from '../fault/mend.ts';
import type { Mend } from '../fault/mend.ts';
import { ensureNamespace } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import { statusMessage } from '../kube-api.ts';
import type { KubeApi } from '../kube-api.ts';
import { NAMESPACE, NAMESPACE_PATH } from '../namespace.ts';
import { uniqueName } from '../unique.ts';

const SERVICES = '/apis/apiregistration.k8s.io/v1/apiservices';
const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1';
const KINDS = ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'] as const;
const NOBODY = { namespace: NAMESPACE, name: 'proofgrid-nobody' };

export const apiGroupsAnswer: Check = {
  name: 'api-groups-answer',
  title: 'Every group of the API answers on every API server, and no webhook that is dead stands in the way of writes',
  // Some 40 small requests to each API server, eight at a time.
  limitMs: 60_000,
  blockedBy: ['etcd-health', 'api-server-version'],
  async run(context) {
    const api = kube(context);
    await ensureNamespace(context, api);
    const complaints = await Promise.all([deadServices(api), deadWebhooks(api), ...apiServers(context).flatMap((server) => [silentGroups(server), refusedWrites(server)])]);
    return judgeComplaints('every group answers, and writes pass', complaints.flat());
  },
  sabotages: [
    {
      name: 'dead-api-service',
      observed: /APIService v1\.dead\.proofgrid\.dev: not available/,
      apply: faulty((context, mend) => put(context, SERVICES, {
        apiVersion: 'apiregistration.k8s.io/v1',
        kind: 'APIService',
        metadata: { name: 'v1.dead.proofgrid.dev' },
        spec: { group: 'dead.proofgrid.dev', version: 'v1', service: NOBODY, groupPriorityMinimum: 1, versionPriority: 1, insecureSkipTLSVerify: true },
      }, mend)),
    },
    {
      name: 'dead-webhook',
      observed: /webhook dead\.proofgrid\.dev: its Service proofgrid-e2e\/proofgrid-nobody has no endpoint/,
      apply: faulty((context, mend) => put(context, `${WEBHOOKS}/${KINDS[0]}`, {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingWebhookConfiguration',
        metadata: { name: 'proofgrid-sabotage' },
        webhooks: [{
          name: 'dead.proofgrid.dev',
          ...{ clientConfig: { service: NOBODY }, failurePolicy: 'Fail', sideEffects: 'None', admissionReviewVersions: ['v1'] },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
        }],
      }, mend)),
    },
  ],
};

async function put(context: ClusterContext, path: string, object: V1APIService | V1ValidatingWebhookConfiguration, mend: Mend): Promise<void> {
  mend(() => kube(context).remove(`${path}/${object.metadata?.name}`));
  await kube(context).post(path, object);
}

async function deadServices(api: KubeApi): Promise<string[]> {
  const { items } = await api.get<{ items: V1APIService[] }>(SERVICES);
  return items.flatMap(({ metadata, status }) => {
    const available = status?.conditions?.find(({ type }) => type === 'Available');
    return available?.status === 'True' ? [] : [`APIService ${metadata?.name}: not available: ${available?.reason ?? 'no condition'}`];
  });
}

/** Those that let writes pass when nobody answers stand in nobody's way. */
async function deadWebhooks(api: KubeApi): Promise<string[]> {
  const lists = await Promise.all(KINDS.map((kind) => api.get<{ items: V1ValidatingWebhookConfiguration[] }>(`${WEBHOOKS}/${kind}`)));
  const needed = lists.flatMap(({ items }) => items).flatMap(({ webhooks = [] }) => webhooks).filter(({ failurePolicy }) => failurePolicy !== 'Ignore');
  const complaints = await Promise.all(needed.map(async ({ name, clientConfig: { service } }) => {
    if (service === undefined) return [];
    const { status, body } = await api.send({ path: `/api/v1/namespaces/${service.namespace}/endpoints/${service.name}` });
    const { subsets = [] } = status === 200 ? (JSON.parse(body) as { subsets?: { addresses?: unknown[] }[] }) : {};
    return subsets.some(({ addresses = [] }) => addresses.length > 0) ? [] : [`webhook ${name}: its Service ${service.namespace}/${service.name} has no endpoint`];
  }));
  return complaints.flat();
}

async function silentGroups({ host, api }: ApiServer): Promise<string[]> {
  const { groups } = await api.get<{ groups: { versions: { groupVersion: string }[] }[] }>('/apis');
  const paths = ['/api/v1', ...groups.flatMap(({ versions }) => versions.map(({ groupVersion }) => `/apis/${groupVersion}`))];
  const answers = await Promise.all(paths.map(async (path) => ({ path, ...(await api.send({ path })) })));
  return answers.filter(({ status }) => status !== 200).map(({ path, status }) => `${host.name}: GET ${path}: HTTP ${status}`);
}

/** Dry runs go through admission as any write does. */
async function refusedWrites({ host, api }: ApiServer): Promise<string[]> {
  const metadata = { name: uniqueName('dry'), namespace: NAMESPACE };
  const template = { metadata: { labels: { app: 'dry' } }, spec: { containers: [{ name: 'dry', image: 'dry' }] } };
  const writes = [
    { path: `${NAMESPACE_PATH}/configmaps`, body: { metadata } },
    { path: `${NAMESPACE_PATH}/pods`, body: { metadata, spec: { ...template.spec, automountServiceAccountToken: false } } },
    { path: `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`, body: { metadata, spec: { selector: { matchLabels: { app: 'dry' } }, template } } },
  ];
  const answers = await Promise.all(writes.map(async ({ path, body }) => ({ path, ...(await api.send({ method: 'POST', path: `${path}?dryRun=All`, body })) })));
  return answers.filter(({ status }) => status !== 201).map(({ path, status, body }) => `${host.name}: create ${path}: HTTP ${status}: ${statusMessage(body)}`);
}
