import type { KubeConfig, V1APIService, V1Node, V1Service, V1ServiceCIDR, V1StorageClass } from '@kubernetes/client-node';
import type { ClusterDeployment, Role } from '../../../lifecycle/cluster-deployment.ts';
import { ProofgridError } from '../../../lifecycle/error.ts';
import type { Dial } from '../check.ts';
import { connect, type KubeApi } from './kube-api.ts';
import { ProductFault } from './product-fault.ts';
import { METRICS_API } from './resource-metrics.ts';

/** A machine as the cluster itself knows it. */
export interface ObservedNode {
  readonly name: string;
  readonly address: string;
  readonly roles: readonly Role[];
  /** Names of the images that its runtime has. */
  readonly images: readonly string[];
}

export interface ObservedCluster {
  /**
   * What checks need to know to run at all: addresses, versions, which add-ons there are. It says what is, and not what should
   * be; checks that compare with a document need a real one.
   */
  readonly deployment: ClusterDeployment;
  readonly nodes: readonly ObservedNode[];
}

const CONTROL_PLANE = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];
const UNKNOWN = 'no document says what there should be';

/** Reads what a cluster says of itself. Changes nothing. @throws ProofgridError CLUSTER_UNREACHABLE */
export async function observeCluster(kubeConfig: KubeConfig, signal: AbortSignal, dial?: Dial): Promise<ObservedCluster> {
  const api = connect(kubeConfig, { signal, dial });
  try {
    return await observe(kubeConfig, api);
  } catch (cause) {
    if (!(cause instanceof ProductFault)) throw cause;
    throw new ProofgridError({
      code: 'CLUSTER_UNREACHABLE',
      fault: 'infrastructure',
      what: `the cluster of ${api.server} cannot be looked at: expected ${cause.expected}, observed ${cause.observed}`,
      remedy: 'check the kubeconfig, and that its user may read nodes, services, API services and storage classes',
      cause,
    });
  }
}

async function observe(kubeConfig: KubeConfig, api: KubeApi): Promise<ObservedCluster> {
  const { gitVersion } = await api.get<{ gitVersion: string }>('/version');
  const { items } = await api.get<{ items: V1Node[] }>('/api/v1/nodes');
  const service = await api.get<V1Service>('/api/v1/namespaces/default/services/kubernetes');
  const nodes = items.map(nodeOf);
  const runtime = /^(containerd|docker):\/\//.exec(items[0]?.status?.nodeInfo?.containerRuntimeVersion ?? '')?.[1];
  const deployment: ClusterDeployment = {
    apiVersion: 'proofgrid.dev/v1alpha1',
    kind: 'ClusterDeployment',
    metadata: { name: nameOf(kubeConfig) },
    spec: {
      kubernetes: { version: gitVersion.replace(/^v/, ''), binaries: NOWHERE },
      etcd: { version: '0.0.0', binaries: NOWHERE },
      runtime: { name: runtime === 'docker' ? 'docker' : 'containerd', images: [], pauseImage: '' },
      network: {
        plugin: 'manifest',
        manifest: '',
        // every pod's address is in it, and that is all that checks want of it
        podCIDR: (items[0]?.spec?.podCIDRs ?? ['']).map((cidr) => (cidr.includes(':') ? '::/0' : '0.0.0.0/0')).join(','),
        serviceCIDR: await serviceNetworks(api, service.spec?.clusterIP ?? ''),
        proxyMode: 'iptables',
        policy: { type: 'none', reason: UNKNOWN },
      },
      dns: (await has(api, '/api/v1/namespaces/kube-system/services/kube-dns'))
        ? { type: 'coredns', image: '', upstreamNameservers: [], stubDomains: {} }
        : { type: 'none', reason: 'the cluster has no Service kube-dns' },
      metrics: (await serves(api)) ? { type: 'metrics-server', image: '' } : { type: 'none', reason: `nobody serves ${METRICS_API}` },
      storage: (await hasDefaultClass(api)) ? { type: 'local-volumes', image: '' } : { type: 'none', reason: 'the cluster has no default StorageClass' },
      controlPlane: { endpoint: { type: 'direct', port: await ownPort(api) }, certSANs: [] },
      addOns: [],
      machines: nodes.map(({ name, roles }) => ({ name, roles: [...roles] })),
    },
  };
  return { deployment, nodes };
}

const NOWHERE = { source: { type: 'directory' as const, path: '/' }, sha256: {} };

function nameOf(kubeConfig: KubeConfig): string {
  const name = kubeConfig.getCurrentCluster()?.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '').slice(0, 40);
  return name === undefined || name === '' ? 'cluster' : name;
}

function nodeOf({ metadata, status }: V1Node): ObservedNode {
  const labels = metadata?.labels ?? {};
  const address = status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
  const name = metadata?.name ?? '';
  if (address === undefined) throw new ProductFault(`node ${name} has an InternalIP`, 'it has none');
  const roles: Role[] = CONTROL_PLANE.some((label) => label in labels) ? ['control-plane'] : ['worker'];
  return { name, address, roles, images: (status?.images ?? []).flatMap(({ names }) => names ?? []) };
}

/** Kubernetes tells them from 1.33 on: https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-cidr-v1/ */
async function serviceNetworks(api: KubeApi, first: string): Promise<string> {
  const path = '/apis/networking.k8s.io/v1/servicecidrs/kubernetes';
  if (!(await has(api, path))) return networkBelow(first);
  const { spec } = await api.get<V1ServiceCIDR>(path);
  return spec?.cidrs?.join(',') ?? networkBelow(first);
}

/** A network whose first address this is. The Service `kubernetes` always has the first of its range. */
function networkBelow(address: string): string {
  return address.includes(':') ? address.replace(/1$/, '/112') : address.replace(/\d+$/, (digits) => `${Number(digits) - 1}/24`);
}

/** Where the API servers themselves listen, as they say. */
async function ownPort(api: KubeApi): Promise<number> {
  const { subsets } = await api.get<{ subsets?: { ports?: { port: number }[] }[] }>('/api/v1/namespaces/default/endpoints/kubernetes');
  return subsets?.[0]?.ports?.[0]?.port ?? 6443;
}

async function has(api: KubeApi, path: string): Promise<boolean> {
  return (await api.send({ path })).status === 200;
}

async function serves(api: KubeApi): Promise<boolean> {
  const { items } = await api.get<{ items: V1APIService[] }>('/apis/apiregistration.k8s.io/v1/apiservices');
  return items.some(({ spec }) => spec?.group === 'metrics.k8s.io');
}

async function hasDefaultClass(api: KubeApi): Promise<boolean> {
  const { items } = await api.get<{ items: V1StorageClass[] }>('/apis/storage.k8s.io/v1/storageclasses');
  return items.some(({ metadata }) => metadata?.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true');
}
