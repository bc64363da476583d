import { isIPv6 } from 'node:net';
import type { V1Pod } from '@kubernetes/client-node';
import { networksOf } from '../../../lifecycle/network-families.ts';
import type { ClusterContext } from '../check.ts';
import { kube } from './api-server.ts';
import { NAMESPACE_PATH } from './namespace.ts';
import type { RunningPod } from './pod.ts';

/** What a check of both families has to say where there is one. */
export function skipSingleStack({ deployment: { spec } }: ClusterContext): string | undefined {
  const single = (['podCIDR', 'serviceCIDR'] as const).find((field) => networksOf(spec.network[field]).length === 1);
  return single === undefined ? undefined : `the cluster has one family of addresses: its ${single} is one network`;
}

/** A pod with all addresses that it has. */
export interface PodAddresses extends RunningPod {
  readonly addresses: readonly string[];
}

export async function addressesOf(context: ClusterContext, pods: readonly RunningPod[]): Promise<PodAddresses[]> {
  const { items } = await kube(context).get<{ items: V1Pod[] }>(`${NAMESPACE_PATH}/pods`);
  return pods.map((pod) => {
    const found = items.find(({ metadata }) => metadata?.name === pod.name);
    return { ...pod, addresses: (found?.status?.podIPs ?? []).map(({ ip }) => ip) };
  });
}

/** What is wrong with a list of addresses of which one of each family is expected; undefined when nothing is. */
export function whyNotBoth(addresses: readonly string[]): string | undefined {
  const families = addresses.map((address) => (isIPv6(address) ? 'IPv6' : 'IPv4')).sort().join(' and ');
  return families === 'IPv4 and IPv6' ? undefined : `${addresses.join(', ') || 'no address'} instead of one address of each family`;
}
