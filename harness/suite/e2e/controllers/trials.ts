import type { V1Node, V1Pod } from '@kubernetes/client-node';
import type { KubeApi } from '../kube-api.ts';
import { NAMESPACE, NAMESPACE_LABELS, NAMESPACE_PATH } from '../namespace.ts';
import { ProductFault } from '../product-fault.ts';
import { uniqueName } from '../unique.ts';

/** A job that one controller has, and how it is seen that it was done. */
export interface Trial {
  /** As the controller manager calls it, without `-controller`. */
  readonly controller: string;
  start(api: KubeApi): Promise<void>;
  /** What is still missing, or undefined. @throws ProductFault */
  finished(api: KubeApi): Promise<string | undefined>;
  /** Removes what `start` made, as far as it came. */
  clean(api: KubeApi): Promise<void>;
}

const APPS = `/apis/apps/v1/namespaces/${NAMESPACE}`;
const BATCH = `/apis/batch/v1/namespaces/${NAMESPACE}`;

type PodSpec = NonNullable<V1Pod['spec']>;
interface Found {
  readonly status?: Readonly<Record<string, unknown>>;
}

/** Those that need nothing but the API and a pod that runs anywhere. */
export function controllerTrials(pod: PodSpec): Trial[] {
  return [deployment(pod), daemonSet(pod), statefulSet(pod), job(pod), cronJob(pod), garbageCollector(), namespace(), resourceQuota(), disruption()];
}

/** A trial of one object, which is looked at until its status says enough. */
function ofObject(controller: string, collection: string, name: string, object: object, missing: (status: Readonly<Record<string, unknown>>) => string | undefined): Trial {
  return {
    controller,
    start: async (api) => void (await api.post(collection, object)),
    finished: async (api) => missing((await api.get<Found>(`${collection}/${name}`)).status ?? {}),
    clean: async (api) => api.remove(`${collection}/${name}`),
  };
}

function workload(kind: string, name: string, pod: PodSpec, more: object): object {
  const labels = { 'proofgrid.dev/controller': name };
  const template = { metadata: { labels }, spec: { ...pod, restartPolicy: 'Always' } };
  return { apiVersion: 'apps/v1', kind, metadata: { name, namespace: NAMESPACE }, spec: { selector: { matchLabels: labels }, template, ...more } };
}

/** And the controller of ReplicaSets, without which a Deployment has no pods. */
function deployment(pod: PodSpec): Trial {
  const name = uniqueName('deployment');
  const object = workload('Deployment', name, pod, { replicas: 1 });
  return ofObject('deployment', `${APPS}/deployments`, name, object, ({ availableReplicas }) => (availableReplicas === 1 ? undefined : 'it has no available pod'));
}

function daemonSet(pod: PodSpec): Trial {
  const name = uniqueName('daemonset');
  return ofObject('daemonset', `${APPS}/daemonsets`, name, workload('DaemonSet', name, pod, {}), ({ desiredNumberScheduled = 0, numberAvailable = 0 }) =>
    desiredNumberScheduled !== 0 && desiredNumberScheduled === numberAvailable ? undefined : `${String(numberAvailable)} of ${String(desiredNumberScheduled)} pods are available`);
}

function statefulSet(pod: PodSpec): Trial {
  const name = uniqueName('statefulset');
  const object = workload('StatefulSet', name, pod, { replicas: 1, serviceName: name });
  return ofObject('statefulset', `${APPS}/statefulsets`, name, object, ({ readyReplicas }) => (readyReplicas === 1 ? undefined : 'it has no ready pod'));
}

function finite(pod: PodSpec): object {
  const containers = pod.containers.map((container) => ({ ...container, command: ['true'], args: [] }));
  return { template: { spec: { ...pod, containers, restartPolicy: 'Never' } }, backoffLimit: 0 };
}

function job(pod: PodSpec): Trial {
  const name = uniqueName('job');
  const object = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace: NAMESPACE }, spec: finite(pod) };
  return ofObject('job', `${BATCH}/jobs`, name, object, ({ succeeded }) => (succeeded === 1 ? undefined : 'its pod has not succeeded'));
}

/** The API of CronJobs is v1 since 1.21. */
function cronJob(pod: PodSpec): Trial {
  const name = uniqueName('cronjob');
  const collection = async (api: KubeApi) => ((await api.send({ path: `${BATCH}/cronjobs` })).status === 404 ? 'batch/v1beta1' : 'batch/v1');
  const path = async (api: KubeApi) => `/apis/${await collection(api)}/namespaces/${NAMESPACE}/cronjobs`;
  return {
    controller: 'cronjob',
    async start(api) {
      // nobody should wait for the next full minute
      const spec = { schedule: '@every 1s', concurrencyPolicy: 'Forbid', jobTemplate: { spec: finite(pod) } };
      await api.post(await path(api), { apiVersion: await collection(api), kind: 'CronJob', metadata: { name, namespace: NAMESPACE }, spec });
    },
    async finished(api) {
      const { status } = await api.get<Found>(`${await path(api)}/${name}`);
      return status?.['lastScheduleTime'] === undefined ? 'it has made no job' : undefined;
    },
    clean: async (api) => api.remove(`${await path(api)}/${name}`),
  };
}

function garbageCollector(): Trial {
  const [owner, owned] = [uniqueName('owner'), uniqueName('owned')];
  const path = (name: string) => `${NAMESPACE_PATH}/configmaps/${name}`;
  return {
    controller: 'garbage-collector',
    async start(api) {
      const made = await api.post<{ metadata: { uid: string } }>(`${NAMESPACE_PATH}/configmaps`, { metadata: { name: owner } });
      const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: owner, uid: made.metadata.uid }];
      await api.post(`${NAMESPACE_PATH}/configmaps`, { metadata: { name: owned, ownerReferences } });
      await api.remove(path(owner));
    },
    finished: async (api) => ((await api.send({ path: path(owned) })).status === 404 ? undefined : 'an object whose owner is gone is still there'),
    clean: async (api) => void (await Promise.all([owner, owned].map(async (name) => api.remove(path(name))))),
  };
}

function namespace(): Trial {
  const name = uniqueName('proofgrid-e2e-namespace');
  const path = `/api/v1/namespaces/${name}`;
  return {
    controller: 'namespace',
    async start(api) {
      await api.post('/api/v1/namespaces', { metadata: { name, labels: NAMESPACE_LABELS } });
      await api.remove(path);
    },
    finished: async (api) => ((await api.send({ path })).status === 404 ? undefined : 'a namespace that was deleted is still there'),
    clean: async (api) => api.remove(path),
  };
}

function resourceQuota(): Trial {
  const name = uniqueName('quota');
  const hard = { 'count/widgets.example.com': '1' };
  const object = { metadata: { name }, spec: { hard } };
  return ofObject('resource-quota', `${NAMESPACE_PATH}/resourcequotas`, name, object, (status) => (status['hard'] === undefined ? 'its use is not counted' : undefined));
}

/** https://kubernetes.io/docs/concepts/workloads/pods/disruptions/; policy/v1 since 1.21. */
function disruption(): Trial {
  const name = uniqueName('disruption');
  const version = async (api: KubeApi) => ((await api.send({ path: `/apis/policy/v1/namespaces/${NAMESPACE}/poddisruptionbudgets` })).status === 404 ? 'policy/v1beta1' : 'policy/v1');
  const path = async (api: KubeApi) => `/apis/${await version(api)}/namespaces/${NAMESPACE}/poddisruptionbudgets`;
  return {
    controller: 'disruption',
    start: async (api) =>
      void (await api.post(await path(api), { apiVersion: await version(api), kind: 'PodDisruptionBudget', metadata: { name }, spec: { minAvailable: 1, selector: { matchLabels: { 'proofgrid.dev/controller': 'none' } } } })),
    async finished(api) {
      const { status } = await api.get<Found>(`${await path(api)}/${name}`);
      return status?.['observedGeneration'] === undefined ? 'its pods are not counted' : undefined;
    },
    clean: async (api) => api.remove(`${await path(api)}/${name}`),
  };
}

/**
 * A label that the controller keeps equal to another one, which the check leaves alone: nothing is scheduled, evicted or tainted by it.
 * What else it does takes a node that is gone. pkg/controller/nodelifecycle of Kubernetes, labelReconcileInfo
 */
export function nodeLifecycle(node: string): Trial {
  const path = `/api/v1/nodes/${node}`;
  const [kept, lost] = ['kubernetes.io/os', 'beta.kubernetes.io/os'];
  const labelsOf = async (api: KubeApi) => (await api.get<V1Node>(path)).metadata?.labels ?? {};
  const label = async (api: KubeApi, value: string | null) => {
    const { status } = await api.send({ method: 'PATCH', path, body: { metadata: { labels: { [lost]: value } } }, contentType: 'application/merge-patch+json' });
    if (status !== 200) throw new ProductFault(`label ${lost} of ${node} can be changed`, `HTTP ${status}`);
  };
  return {
    controller: 'node-lifecycle',
    start: async (api) => label(api, null),
    finished: async (api) => ((await labelsOf(api))[lost] === undefined ? `label ${lost} of ${node} does not come back` : undefined),
    async clean(api) {
      const labels = await labelsOf(api);
      if (labels[lost] === undefined) await label(api, labels[kept] ?? 'linux');
    },
  };
}
