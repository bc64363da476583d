import type { CoreV1Event, V1Lifecycle, V1Pod, V1PodSpec } from '@kubernetes/client-node';
import type { ClusterContext } from '../check.ts';
import { kube } from './api-server.ts';
import { TEST_CONTAINER } from './exec.ts';
import type { KubeApi } from './kube-api.ts';
import { NAMESPACE, NAMESPACE_PATH } from './namespace.ts';
import { patiently, until } from './wait.ts';

/** Milliseconds: a pod whose image is there starts in two seconds; a loaded machine may take ten times as long. */
export const POD_START_LIMIT = 45_000;
export const HTTP_PORT = 8080;
export const UDP_PORT = 8081;

export interface PodRequest {
  readonly name: string;
  readonly node: string;
  readonly namespace?: string;
  /** `direct`: the pod is bound when created. `scheduler`: the scheduler has to put it there. */
  readonly placedBy: 'direct' | 'scheduler';
  readonly labels?: Readonly<Record<string, string>>;
  readonly volumes?: V1PodSpec['volumes'];
  readonly mounts?: readonly { readonly name: string; readonly mountPath: string }[];
  /** Ready not before its server answers: for pods that others send requests to. */
  readonly serving?: boolean;
  /** In the network of its node, on these ports, for the usual ones may be in use there. See `endPods`. */
  readonly inNodeNetwork?: { readonly http: number; readonly udp: number };
}

/**
 * Kubelets call a container running once its postStart hook is over. A readiness probe would tell of the network as well,
 * which is for the checks to judge, and go on for as long as the pod lives.
 */
function serves(port: number): V1Lifecycle {
  return { postStart: { exec: { command: ['sh', '-c', `until wget -q -O /dev/null http://127.0.0.1:${port}/hostname; do sleep 0.1; done`] } } };
}

/** A pod of agnhost that answers `GET /hostname` with its own name, and runs on tainted nodes too. */
export function testPod(context: ClusterContext, { name, node, namespace = NAMESPACE, placedBy, labels = {}, volumes = [], mounts = [], serving = false, inNodeNetwork }: PodRequest): V1Pod {
  const ports = inNodeNetwork ?? { http: HTTP_PORT, udp: UDP_PORT };
  const term = { matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] };
  const placement =
    placedBy === 'direct'
      ? { nodeName: node }
      : { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } } } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { 'app.kubernetes.io/part-of': NAMESPACE, ...labels } },
    spec: {
      ...placement,
      ...(inNodeNetwork === undefined ? {} : { hostNetwork: true }),
      tolerations: [{ operator: 'Exists' }],
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: inNodeNetwork === undefined ? 0 : 1,
      restartPolicy: 'Never',
      volumes,
      containers: [
        {
          name: TEST_CONTAINER,
          image: context.testImage,
          imagePullPolicy: context.testImagePulled === true ? 'IfNotPresent' : 'Never',
          args: ['netexec', `--http-port=${ports.http}`, `--udp-port=${ports.udp}`],
          volumeMounts: [...mounts],
          ...(serving ? { lifecycle: serves(ports.http) } : {}),
        },
      ],
    },
  };
}

export interface RunningPod {
  readonly name: string;
  readonly node: string;
  readonly address: string;
}

/** Creates the pods and waits until all of them are ready. @throws ProductFault that says what each other one waits for */
export async function startPods(context: ClusterContext, pods: readonly V1Pod[], limitMs = POD_START_LIMIT): Promise<RunningPod[]> {
  const api = kube(context);
  await Promise.all(pods.map((pod) => createPod(context, api, pod)));
  const names = pods.map(({ metadata }) => metadata?.name ?? '');
  return until({
    what: `${names.length} pods are ready (${names.join(', ')})`,
    limitMs: patiently(context, limitMs),
    signal: context.signal,
    intervalMs: 250,
    attempt: async () => {
      const found = await findPods(api, pods);
      const running = found.flatMap(({ pod }) => runningPod(pod) ?? []);
      if (running.length === names.length) return { value: running };
      const waiting = found.filter(({ pod }) => runningPod(pod) === undefined);
      return { observed: (await Promise.all(waiting.map(({ name, path, pod }) => excuse(api, path, name, pod)))).join('; ') };
    },
  });
}

interface FoundPod {
  readonly name: string;
  /** Of its namespace. */
  readonly path: string;
  readonly pod: V1Pod | undefined;
}

/** The pods as they are now, in the order asked for. */
async function findPods(api: KubeApi, pods: readonly V1Pod[]): Promise<FoundPod[]> {
  const paths = [...new Set(pods.map(namespacePathOf))];
  const lists = new Map(await Promise.all(paths.map(async (path) => [path, (await api.get<{ items: V1Pod[] }>(`${path}/pods`)).items] as const)));
  return pods.map((asked) => {
    const [name, path] = [asked.metadata?.name ?? '', namespacePathOf(asked)];
    return { name, path, pod: lists.get(path)?.find(({ metadata }) => metadata?.name === name) };
  });
}

function namespacePathOf({ metadata }: V1Pod): string {
  return `/api/v1/namespaces/${metadata?.namespace ?? NAMESPACE}`;
}

/** A namespace's default service account comes a moment after it, and no pod is admitted before. */
async function createPod(context: ClusterContext, api: KubeApi, pod: V1Pod): Promise<void> {
  const name = pod.metadata?.name ?? '';
  await until({
    what: `pod ${name} is accepted by the API server`,
    // a controller manager makes the account, and one that has just taken over needs 15 s first
    limitMs: patiently(context, 45_000),
    signal: context.signal,
    attempt: async () => {
      const { status, body } = await api.send({ method: 'POST', path: `${namespacePathOf(pod)}/pods`, body: pod });
      return status < 300 || status === 409 ? { value: undefined } : { observed: `HTTP ${status}: ${body.slice(0, 300)}` };
    },
  });
}

export async function removePods(api: KubeApi, names: readonly string[]): Promise<void> {
  await Promise.all(names.map((name) => api.remove(`${NAMESPACE_PATH}/pods/${name}`)));
}

/**
 * Removes pods and waits until their containers have ended: until then their ports are taken, where they are in the network of
 * their node. A pod with a grace period is forgotten only after that.
 * (https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination)
 */
export async function endPods(context: ClusterContext, pods: readonly V1Pod[]): Promise<void> {
  const api = kube(context);
  await removePods(api, pods.map(({ metadata }) => metadata?.name ?? ''));
  await until({
    what: `${pods.length} pods have ended`,
    limitMs: patiently(context, 30_000),
    signal: context.signal,
    intervalMs: 250,
    attempt: async () => {
      const left = (await findPods(api, pods)).filter(({ pod }) => pod !== undefined);
      return left.length === 0 ? { value: undefined } : { observed: `${left.map(({ name }) => name).join(', ')} are there` };
    },
  });
}

function runningPod(pod: V1Pod | undefined): RunningPod | undefined {
  const ready = pod?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  const { name } = pod?.metadata ?? {};
  const node = pod?.spec?.nodeName;
  const address = pod?.status?.podIP;
  return ready && name !== undefined && node !== undefined && address !== undefined ? { name, node, address } : undefined;
}

/** Why a pod is not ready, from its status and the newest event about it. */
async function excuse(api: KubeApi, path: string, name: string, pod: V1Pod | undefined): Promise<string> {
  if (pod === undefined) return `${name}: does not exist`;
  const scheduled = pod.spec?.nodeName === undefined ? 'not scheduled' : `on ${pod.spec.nodeName}`;
  const state = pod.status?.containerStatuses?.[0]?.state;
  const reason = state?.waiting?.reason ?? state?.terminated?.reason ?? '';
  const query = new URLSearchParams({ fieldSelector: `involvedObject.name=${name}`, limit: '50' });
  const { items } = await api.get<{ items: CoreV1Event[] }>(`${path}/events?${query}`);
  const warning = items.filter(({ type }) => type === 'Warning').at(-1);
  const event = warning === undefined ? '' : `${warning.reason}: ${warning.message}`;
  return [`${name}: ${pod.status?.phase ?? 'Unknown'}`, scheduled, reason, event].filter((part) => part !== '').join(', ');
}
