import type { ClusterDeployment } from './cluster-deployment.ts';
import type { Problem } from './problem.ts';

/** TCP ports that a control plane may hold itself: https://kubernetes.io/docs/reference/networking/ports-and-protocols/ */
const TAKEN: Readonly<Record<number, string>> = {
  22: 'SSH',
  2379: 'etcd',
  2380: 'etcd',
  2381: "etcd's metrics",
  10248: "the kubelet's health",
  10249: "kube-proxy's metrics",
  10250: 'the kubelet',
  10256: "kube-proxy's health",
  10257: 'kube-controller-manager',
  10259: 'kube-scheduler',
};
const FLANNEL_HEALTH = 8081;
const KUBE_ROUTER_HEALTH = 20244;
/** Of haproxy, which is there for a virtual address alone. */
const HAPROXY_HEALTH = 8404;
/** kube-apiserver's default of --service-node-port-range. */
const NODE_PORTS = { first: 30000, last: 32767 };

/** An endpoint that other programs of the same machines listen on. An external load balancer's ports are its own. */
export function portProblems({ spec: { controlPlane: { endpoint }, network } }: ClusterDeployment): Problem[] {
  if (endpoint.type === 'external') return [];
  const taken: Record<number, string> = {
    ...TAKEN,
    ...(endpoint.type === 'virtual-address' && { [HAPROXY_HEALTH]: "haproxy's health" }),
    ...(network.plugin.startsWith('flannel-') && { [FLANNEL_HEALTH]: "flannel's health" }),
    ...(network.policy.type === 'kube-router' && { [KUBE_ROUTER_HEALTH]: "kube-router's health" }),
  };
  const { port } = endpoint;
  const holder = port >= NODE_PORTS.first && port <= NODE_PORTS.last ? `services (${NODE_PORTS.first} to ${NODE_PORTS.last})` : taken[port];
  if (holder === undefined) return [];
  return [{
    path: ['spec', 'controlPlane', 'endpoint', 'port'],
    code: 'CLUSTER_PORT_TAKEN',
    what: `port ${port} of a control plane belongs to ${holder}`,
    remedy: 'use another, such as 6443 or 8443',
  }];
}
