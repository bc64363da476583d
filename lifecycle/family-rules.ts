import type { ClusterDeployment } from './cluster-deployment.ts';
import { isDualStack, networksOf } from './network-families.ts';
import type { Problem } from './problem.ts';

/** The first minor in which dual-stack is stable; 1.20 has it as an alpha feature: https://kubernetes.io/docs/concepts/services-networking/dual-stack/ */
const STABLE_SINCE = 23;

/** What cannot work with IPv6, or with addresses of two families. */
export function familyProblems({ spec: { kubernetes, network } }: ClusterDeployment): Problem[] {
  const problems: Problem[] = [];
  // It fills the sets inet6:…, and its rules ask for others: https://github.com/cloudnativelabs/kube-router/issues/1653
  if (network.policy.type === 'kube-router' && networksOf(network.podCIDR).some((cidr) => cidr.includes(':'))) {
    problems.push({
      path: ['spec', 'network', 'policy', 'type'], code: 'CLUSTER_POLICY_IPV6', what: 'kube-router 2.1.0 enforces no policies over IPv6, and where both families are none reliably over IPv4', remedy: 'write none with a reason, and bring what enforces policies as an add-on',
    });
  }
  if (!isDualStack(network)) return problems;
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
