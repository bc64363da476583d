import type { ClusterDeployment } from './cluster-deployment.ts';
import { isDualStack } from './network-families.ts';
import type { Problem } from './problem.ts';

/** The first minor in which dual-stack is stable; 1.20 has it as an alpha feature: https://kubernetes.io/docs/concepts/services-networking/dual-stack/ */
const STABLE_SINCE = 23;

/** What cannot give a cluster addresses of two families. */
export function dualStackProblems({ spec: { kubernetes, network } }: ClusterDeployment): Problem[] {
  if (!isDualStack(network)) return [];
  const problems: Problem[] = [];
  const [major = 0, minor = 0] = kubernetes.version.split('.').map(Number);
  if (major === 1 && minor < STABLE_SINCE) {
    problems.push({
      path: ['spec', 'network', 'podCIDR'], code: 'CLUSTER_DUAL_STACK', what: `dual-stack is not stable in Kubernetes ${kubernetes.version}, but from 1.${STABLE_SINCE} on`, remedy: 'write one network here and in serviceCIDR, or take a later version',
    });
  }
  // https://github.com/containernetworking/plugins/blob/v0.9.1/plugins/meta/flannel/flannel.go
  if (network.plugin.startsWith('flannel-')) {
    problems.push({
      path: ['spec', 'network', 'plugin'], code: 'CLUSTER_DUAL_STACK', what: "flannel's CNI plugin v0.9.1, the last that can be built here, knows one network of pods", remedy: 'use host-gw, vxlan or a manifest of your own, or write one network in podCIDR and serviceCIDR',
    });
  }
  return problems;
}
