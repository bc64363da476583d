import type { KubeConfig, V1Service } from '@kubernetes/client-node';
import type { ClusterContext } from '../check.ts';
import { kube, nodes } from './api-server.ts';
import type { KubeApi } from './kube-api.ts';
import { NAMESPACE, NAMESPACE_LABELS, NAMESPACE_PATH, NAMESPACES, PRIVILEGED } from './namespace.ts';
import { HTTP_PORT, startPods, testPod, UDP_PORT } from './pod.ts';
import type { RunningPod } from './pod.ts';
import { patiently, until } from './wait.ts';

/** What the checks share: two agnhost pods on every node, and one service of each kind in front of all of them. */
export interface Fixture {
  /** In the order of the nodes; the two of one node side by side. */
  readonly pods: readonly RunningPod[];
  readonly clusterIP: string;
  readonly servicePort: number;
  /** Of the ClusterIP service, where the same pods answer datagrams. */
  readonly serviceUdpPort: number;
  readonly nodePort: number;
}

const SERVICE_PORT = 80;
const SERVICE_UDP_PORT = 81;
/** Of every pod of the fixture. */
export const FIXTURE_LABELS = { app: 'e2e' };
/** Selects one pod of the fixture. */
export const onlyPod = (name: string) => ({ 'proofgrid.dev/pod': name });
const made = new WeakMap<KubeConfig, Promise<Fixture>>();

/**
 * Made by the first check that asks and shared by all. Its failure is shared too: each check that needs it says so at
 * once, instead of waiting for the same pods again.
 */
export function fixture(context: ClusterContext): Promise<Fixture> {
  const known = made.get(context.kubeConfig) ?? make(context);
  made.set(context.kubeConfig, known);
  return known;
}

/** Makes the next check look again at what there is; for a cluster that was broken and mended in between. */
export function forgetFixture(context: ClusterContext): void {
  made.delete(context.kubeConfig);
}

/** Removes everything that the checks made. The namespaces' contents end in the background. */
export async function removeFixture(context: ClusterContext): Promise<void> {
  forgetFixture(context);
  await Promise.all(NAMESPACES.map((name) => kube(context).remove(`/api/v1/namespaces/${name}`)));
}

async function make(context: ClusterContext): Promise<Fixture> {
  const api = kube(context);
  await ensureNamespace(context, api);
  const asked = nodes(context).flatMap(({ name: node }) =>
    ['a', 'b'].map((letter) => testPod(context, { name: `${letter}-${node}`, node, placedBy: 'direct', labels: { ...FIXTURE_LABELS, ...onlyPod(`${letter}-${node}`) }, serving: true })),
  );
  const [pods, clusterService, nodeService] = await Promise.all([
    startPods(context, asked),
    ensureService(api, 'cluster', 'ClusterIP'),
    ensureService(api, 'node', 'NodePort'),
  ]);
  const clusterIP = clusterService.spec?.clusterIP;
  const nodePort = nodeService.spec?.ports?.[0]?.nodePort;
  if (clusterIP === undefined || nodePort === undefined) throw new Error('the API server allocated no address or port to a service');
  return { pods, clusterIP, servicePort: SERVICE_PORT, serviceUdpPort: SERVICE_UDP_PORT, nodePort };
}

/** A namespace of an earlier run may still be going; nothing can be created in it until it is gone. */
export async function ensureNamespace(context: ClusterContext, api: KubeApi, name = NAMESPACE, labels: Readonly<Record<string, string>> = name === NAMESPACE ? PRIVILEGED : {}): Promise<void> {
  await until({
    what: `namespace ${name} exists and is active`,
    limitMs: patiently(context, 60_000),
    signal: context.signal,
    attempt: async () => {
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { ...NAMESPACE_LABELS, ...labels } } };
      const { status, body: answer } = await api.send({ method: 'POST', path: '/api/v1/namespaces', body });
      if (status === 201) return { value: undefined };
      if (status !== 409) return { observed: `HTTP ${status}: ${answer.slice(0, 300)}` };
      const { status: state } = await api.get<{ status: { phase: string } }>(`/api/v1/namespaces/${name}`);
      return state.phase === 'Active' ? { value: undefined } : { observed: state.phase };
    },
  });
}

async function ensureService(api: KubeApi, name: string, type: string): Promise<V1Service> {
  const body: V1Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: NAMESPACE },
    spec: { type, selector: FIXTURE_LABELS, ports: [{ name: 'http', port: SERVICE_PORT, targetPort: HTTP_PORT }, { name: 'udp', protocol: 'UDP', port: SERVICE_UDP_PORT, targetPort: UDP_PORT }] },
  };
  const path = `${NAMESPACE_PATH}/services`;
  const { status } = await api.send({ method: 'POST', path, body });
  // Anything but "made" and "there already" fails here again, with the message of the API server.
  return status === 201 || status === 409 ? api.get<V1Service>(`${path}/${name}`) : api.post<V1Service>(path, body);
}
