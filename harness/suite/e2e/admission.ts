import type { ClusterContext } from '../check.ts';
import { kube } from './api-server.ts';
import type { ApiServer } from './api-server.ts';
import { statusMessage } from './kube-api.ts';
import { ProductFault } from './product-fault.ts';
import { uniqueName } from './unique.ts';
import { patiently, until } from './wait.ts';

/** Milliseconds: what a plugin goes by reaches every API server within one or two seconds. */
export const ADMITTED_LIMIT = 20_000;
const LIMIT = '7m';

interface Sample {
  /** As `--disable-admission-plugins` takes it. */
  readonly plugin: string;
  /** Minor version of Kubernetes since which it is on by default. Default: older than all that this project deploys. */
  readonly sinceMinor?: number;
  /** Whether this cluster has it, or what it goes by. Default: every cluster. */
  readonly applies?: (context: ClusterContext) => boolean;
  /** Below the namespace, or from the root. */
  readonly path: (namespace: string) => string;
  readonly body: Readonly<Record<string, unknown>>;
  /** An answer that the plugin alone can be the reason of. */
  readonly heeded: (status: number, body: string) => boolean;
}

const pods = (namespace: string) => `/api/v1/namespaces/${namespace}/pods`;
const container = { name: 'dry', image: 'dry' };
const pod = (spec: object = {}) => ({ spec: { automountServiceAccountToken: false, containers: [container], ...spec } });
const refused = (reason: RegExp) => (status: number, body: string) => status === 403 && reason.test(body);
const completed = (trace: string) => (status: number, body: string) => status === 201 && body.includes(trace);

const claim = { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } } };
const claims = (namespace: string) => `/api/v1/namespaces/${namespace}/persistentvolumeclaims`;
const services = (namespace: string) => `/api/v1/namespaces/${namespace}/services`;

/**
 * One for each plugin that is on by default, or that the playbooks turn on, and has an effect on a dry run; docs: "Admission
 * Controllers Reference" of Kubernetes. NodeRestriction has `kubelet-rights`, EventRateLimit `limits-of-abuse`.
 */
export const SAMPLES: readonly Sample[] = [
  { plugin: 'ResourceQuota', path: services, body: { spec: { ports: [{ port: 80 }] } }, heeded: refused(/quota/) },
  { plugin: 'LimitRanger', path: pods, body: pod(), heeded: completed(`"cpu":"${LIMIT}"`) },
  { plugin: 'ServiceAccount', path: pods, body: pod({ serviceAccountName: 'nobody' }), heeded: refused(/nobody/) },
  { plugin: 'NamespaceLifecycle', path: () => '/api/v1/namespaces/proofgrid-e2e-nowhere/configmaps', body: {}, heeded: (status) => status === 404 },
  { plugin: 'Priority', path: pods, body: pod({ priorityClassName: 'nobody' }), heeded: refused(/nobody/) },
  { plugin: 'RuntimeClass', path: pods, body: pod({ runtimeClassName: 'nobody' }), heeded: refused(/nobody/) },
  { plugin: 'DefaultTolerationSeconds', path: pods, body: pod(), heeded: completed('"tolerationSeconds":300') },
  { plugin: 'TaintNodesByCondition', path: () => '/api/v1/nodes', body: {}, heeded: completed('node.kubernetes.io/not-ready') },
  { plugin: 'StorageObjectInUseProtection', path: claims, body: claim, heeded: completed('kubernetes.io/pvc-protection') },
  { plugin: 'DefaultStorageClass', applies: ({ deployment }) => deployment.spec.storage.type !== 'none', path: claims, body: claim, heeded: completed('"storageClassName":') },
  {
    plugin: 'DenyServiceExternalIPs',
    sinceMinor: 21,
    // off by default; the playbooks turn it on
    applies: ({ missing }) => missing?.document === undefined,
    path: services,
    body: { spec: { ports: [{ port: 80 }], externalIPs: ['192.0.2.1'] } },
    heeded: refused(/external IPs/),
  },
  { plugin: 'PodSecurity', sinceMinor: 23, path: pods, body: pod({ hostNetwork: true }), heeded: refused(/PodSecurity/) },
];

/** What the plugins go by. */
export async function prepareAdmission(context: ClusterContext, namespace: string): Promise<void> {
  const api = kube(context);
  const path = `/api/v1/namespaces/${namespace}`;
  await Promise.all([
    api.post(`${path}/resourcequotas`, { metadata: { name: 'none' }, spec: { hard: { services: '0' } } }),
    api.post(`${path}/limitranges`, { metadata: { name: 'default' }, spec: { limits: [{ type: 'Container', default: { cpu: LIMIT }, defaultRequest: { cpu: LIMIT } }] } }),
    accountIn(context, path),
  ]);
}

/** The account that every pod of a namespace has for want of another. Its controller makes it too, some time later. */
async function accountIn(context: ClusterContext, namespacePath: string): Promise<void> {
  const { status, body } = await kube(context).send({ method: 'POST', path: `${namespacePath}/serviceaccounts`, body: { metadata: { name: 'default' } } });
  if (status >= 300 && status !== 409) throw new ProductFault('the API server takes a ServiceAccount', `HTTP ${status}: ${statusMessage(body)}`);
}

/** Those of the plugins that the cluster's API servers should have. */
export function samplesOf(context: ClusterContext): readonly Sample[] {
  const minor = Number(context.deployment.spec.kubernetes.version.split('.')[1]);
  return SAMPLES.filter(({ sinceMinor = 0, applies = () => true }) => minor >= sinceMinor && applies(context));
}

/** Asks one API server for every sample, as a dry run, until its plugin heeds it. */
export async function admissionComplaints(context: ClusterContext, { host, api }: ApiServer, namespace: string): Promise<string[]> {
  const complaints = await Promise.all(samplesOf(context).map(async ({ plugin, path, body, heeded }) => {
    try {
      await until({
        what: `${plugin} heeds its sample`,
        limitMs: patiently(context, ADMITTED_LIMIT),
        signal: context.signal,
        attempt: async () => {
          const answer = await api.send({ method: 'POST', path: `${path(namespace)}?dryRun=All`, body: { metadata: { name: uniqueName('dry') }, ...body } });
          if (heeded(answer.status, answer.body)) return { value: undefined };
          return { observed: `its sample is answered with HTTP ${answer.status}${answer.status < 300 ? '' : ` ${statusMessage(answer.body)}`}` };
        },
      });
      return [];
    } catch (error) {
      if (error instanceof ProductFault) return [`${host.name}: ${plugin}: ${error.observed}`];
      throw error;
    }
  }));
  return complaints.flat();
}
