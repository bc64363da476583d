import type { ClusterDeployment } from './cluster-deployment.ts';
import { networksOf } from './network-families.ts';
import { networkOf } from './network.ts';
import type { Problem } from './problem.ts';

/** The playbooks give the cluster's DNS this address of the service network. */
const DNS_INDEX = 10;
/** kube-apiserver refuses more host bits until 1.34, when one bitmap no longer holds all addresses: validateMaxCIDRRange. */
const MAX_SERVICE_BITS = 20;
/** Network, broadcast and the bridge itself. */
const ADDRESSES_WITHOUT_PODS = 3;

/** Networks that cannot hold what must be in them. */
export function networkSizeProblems(document: ClusterDeployment): Problem[] {
  const { podCIDR, serviceCIDR } = document.spec.network;
  return [
    ...networksOf(podCIDR).flatMap((network) => podProblems(document, network)),
    ...networksOf(serviceCIDR).flatMap((network) => serviceProblems(document, network)),
  ];
}

/** Prefix length of one machine's part, as the playbooks' filter node_prefix has it. */
function machinePrefix(family: 32 | 128, prefix: number): number {
  const usual = family === 32 ? 24 : 64;
  return prefix <= usual - 4 ? usual : prefix + 4;
}

/** How many pods have addresses on one machine, of each family where there are two. */
export function podAddresses(podCIDR: string): number {
  const counts = podCIDR.split(',').map((network) => {
    const { family, prefix } = networkOf(network);
    return 2 ** (family - machinePrefix(family, prefix)) - ADDRESSES_WITHOUT_PODS;
  });
  return Math.min(...counts);
}

function podProblems({ spec: { machines } }: ClusterDeployment, podCIDR: string): Problem[] {
  const { family, prefix } = networkOf(podCIDR);
  const part = machinePrefix(family, prefix);
  const nodes = machines.filter(({ roles }) => roles.includes('control-plane') || roles.includes('worker')).length;
  const path = ['spec', 'network', 'podCIDR'];
  if (2 ** (family - part) <= ADDRESSES_WITHOUT_PODS) {
    return [{ path, code: 'CLUSTER_NETWORK_TOO_SMALL', what: `the pod network ${podCIDR} leaves no addresses for the pods of a machine`, remedy: 'use a wider one, such as a /16' }];
  }
  if (2 ** (part - prefix) >= nodes) return [];
  return [{ path, code: 'CLUSTER_NETWORK_TOO_SMALL', what: `the pod network ${podCIDR} has no /${part} for each of ${nodes} machines`, remedy: 'use a wider one' }];
}

function serviceProblems({ spec: { kubernetes } }: ClusterDeployment, serviceCIDR: string): Problem[] {
  const { family, prefix } = networkOf(serviceCIDR);
  const path = ['spec', 'network', 'serviceCIDR'];
  if (2 ** (family - prefix) <= DNS_INDEX + 1) {
    return [{ path, code: 'CLUSTER_NETWORK_TOO_SMALL', what: `the service network ${serviceCIDR} has no address number ${DNS_INDEX}, which the cluster's DNS gets`, remedy: `use a /${family - 4} or wider` }];
  }
  const [major = 0, minor = 0] = kubernetes.version.split('.').map(Number);
  if (family - prefix <= MAX_SERVICE_BITS || major > 1 || minor >= 34) return [];
  return [{ path, code: 'CLUSTER_NETWORK_TOO_LARGE', what: `Kubernetes ${kubernetes.version} takes no service network as wide as ${serviceCIDR}`, remedy: `use a /${family - MAX_SERVICE_BITS} or narrower` }];
}
