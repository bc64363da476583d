import type { ClusterContext, Host } from '../check.ts';
import { connect } from './kube-api.ts';
import type { Credentials, KubeApi } from './kube-api.ts';

/** Where every API server itself listens, also behind a load-balanced endpoint. */
const API_SERVER_PORT = 6443;

/** Cluster-admin through the API endpoint. */
export function kube(context: ClusterContext): KubeApi {
  return connect(context.kubeConfig, { signal: context.signal, dial: context.dial });
}

export interface ApiServer {
  readonly host: Host;
  readonly port: number;
  readonly api: KubeApi;
}

/** Every API server directly, one for each control plane: a balanced endpoint hides a dead one. */
export function apiServers(context: ClusterContext, credentials: Credentials = 'admin'): ApiServer[] {
  const { endpoint } = context.deployment.spec.controlPlane;
  const port = endpoint.type === 'direct' ? endpoint.port : API_SERVER_PORT;
  return controlPlanes(context).map((host) => {
    const server = `https://${bracket(host.address)}:${port}`;
    return { host, port, api: connect(context.kubeConfig, { signal: context.signal, dial: context.dial, server, credentials }) };
  });
}

/** An IPv6 address as URLs want it. */
export function bracket(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

export function controlPlanes(context: ClusterContext): Host[] {
  return context.hosts.filter(({ roles }) => roles.includes('control-plane'));
}

/** Machines with a kubelet: every one but those that are only etcd members. */
export function nodes(context: Pick<ClusterContext, 'hosts'>): Host[] {
  return context.hosts.filter(({ roles }) => roles.includes('control-plane') || roles.includes('worker'));
}

/** The same where commands can be run on them, else none: for what a check does beside asking the API. */
export function nodesWithLogin(context: ClusterContext): Host[] {
  return context.missing?.machines === undefined ? nodes(context) : [];
}

export function etcdMembers(context: Pick<ClusterContext, 'hosts'>): Host[] {
  return context.hosts.filter(({ roles }) => roles.includes('etcd'));
}

/** For faults that any one machine of a group can have. */
export function last(hosts: readonly Host[]): Host {
  const host = hosts.at(-1);
  if (host === undefined) throw new Error('the cluster has no machine with the role in question');
  return host;
}
