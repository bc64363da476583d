import type { Check } from '../check.ts';
import { admissionRefuses } from './check/admission-refuses.ts';
import { anonymousRefused } from './check/anonymous-refused.ts';
import { apiEndpointSurvives } from './check/api-endpoint-survives.ts';
import { apiGroupsAnswer } from './check/api-groups-answer.ts';
import { apiServerVersion } from './check/api-server-version.ts';
import { apiService } from './check/api-service.ts';
import { auditRecorded } from './check/audit-recorded.ts';
import { certificateNames } from './check/certificate-names.ts';
import { certificateValidity } from './check/certificate-validity.ts';
import { certificatesRenew } from './check/certificates-renew.ts';
import { claimKeepsData } from './check/claim-keeps-data.ts';
import { clusterIpUdp } from './check/cluster-ip-udp.ts';
import { clusterIp } from './check/cluster-ip.ts';
import { configMapVolume } from './check/configmap-volume.ts';
import { containersEnd } from './check/containers-end.ts';
import { controllersWork } from './check/controllers-work.ts';
import { deployChangesNothing } from './check/deploy-changes-nothing.ts';
import { dnsExternalName } from './check/dns-external-name.ts';
import { dnsNames } from './check/dns-names.ts';
import { dnsSurvivesReplica } from './check/dns-survives-replica.ts';
import { dns } from './check/dns.ts';
import { dualStackPods } from './check/dual-stack-pods.ts';
import { dualStackServices } from './check/dual-stack-services.ts';
import { etcdHealth } from './check/etcd-health.ts';
import { etcdSettings } from './check/etcd-settings.ts';
import { exec } from './check/exec.ts';
import { fileModes } from './check/file-modes.ts';
import { hostToPod } from './check/host-to-pod.ts';
import { imageStore } from './check/image-store.ts';
import { kernelSettings } from './check/kernel-settings.ts';
import { kubeletRights } from './check/kubelet-rights.ts';
import { kubeletSettings } from './check/kubelet-settings.ts';
import { leaderLeases } from './check/leader-leases.ts';
import { limitsOfAbuse } from './check/limits-of-abuse.ts';
import { limitsEnforced } from './check/limits-enforced.ts';
import { logs } from './check/logs.ts';
import { nodeLabelsAndTaints } from './check/node-labels-and-taints.ts';
import { nodePort } from './check/node-port.ts';
import { nodesReady } from './check/nodes-ready.ts';
import { ownService } from './check/own-service.ts';
import { packetsArrive } from './check/packets-arrive.ts';
import { podOnEveryNode } from './check/pod-on-every-node.ts';
import { podSecurity } from './check/pod-security.ts';
import { podToPodAcrossNodes } from './check/pod-to-pod-across-nodes.ts';
import { podToPodSameNode } from './check/pod-to-pod-same-node.ts';
import { policyAllowByCidr } from './check/policy-allow-by-cidr.ts';
import { policyAllowByNamespace } from './check/policy-allow-by-namespace.ts';
import { policyAllowByPod } from './check/policy-allow-by-pod.ts';
import { policyAllowByPort } from './check/policy-allow-by-port.ts';
import { policyDefaultDeny } from './check/policy-default-deny.ts';
import { policyEgress } from './check/policy-egress.ts';
import { policySurvivesAgentRestart } from './check/policy-survives-agent-restart.ts';
import { portForward } from './check/port-forward.ts';
import { preloadedImagesKept } from './check/preloaded-images-kept.ts';
import { proxyMode } from './check/proxy-mode.ts';
import { proxySettings } from './check/proxy-settings.ts';
import { resourceMetrics } from './check/resource-metrics.ts';
import { schedulerObeys } from './check/scheduler-obeys.ts';
import { secretEncryptedAtRest } from './check/secret-encrypted-at-rest.ts';
import { secretVolume } from './check/secret-volume.ts';
import { serviceUsers } from './check/service-users.ts';
import { sourceAddresses } from './check/source-addresses.ts';
import { survivesReboot } from './check/survives-reboot.ts';
import { testPods } from './check/test-pods.ts';
import { tlsCiphers } from './check/tls-ciphers.ts';
import { tokensAccepted } from './check/tokens-accepted.ts';
import { unprivilegedRefused } from './check/unprivileged-refused.ts';

export interface CheckPhase {
  readonly phase: string;
  readonly checks: readonly Check[];
  /** Runs beside the phase before it, and waits for whatever comes before both. */
  readonly beside?: boolean;
}

/**
 * The suite in its order; the checks of one phase, and of phases beside each other, run side by side, so none of them may change
 * what another looks at.
 */
export const E2E_PHASES: readonly CheckPhase[] = [
  // Before any pod of the checks: a CNI plugin switches forwarding on again.
  { phase: 'machines', checks: [kernelSettings, survivesReboot] },
  { phase: 'control-plane', checks: [etcdHealth, etcdSettings, apiServerVersion, leaderLeases, apiGroupsAnswer] },
  { phase: 'nodes', beside: true, checks: [nodesReady, kubeletSettings, imageStore, nodeLabelsAndTaints, preloadedImagesKept] },
  { phase: 'pods', checks: [testPods, podOnEveryNode, containersEnd, limitsEnforced, exec, logs, portForward, configMapVolume, secretVolume] },
  { phase: 'controllers', beside: true, checks: [controllersWork, schedulerObeys, admissionRefuses, tokensAccepted] },
  // Alone: it counts packets.
  { phase: 'network', checks: [packetsArrive, podToPodSameNode, podToPodAcrossNodes, hostToPod, sourceAddresses, dualStackPods] },
  { phase: 'services', checks: [proxyMode, proxySettings, clusterIp, apiService, clusterIpUdp, ownService, nodePort, dns, dualStackServices] },
  { phase: 'add-ons', beside: true, checks: [dnsNames, dnsExternalName, resourceMetrics] },
  { phase: 'security', beside: true, checks: [secretEncryptedAtRest, anonymousRefused, unprivilegedRefused, kubeletRights, auditRecorded, certificateValidity, certificateNames, certificatesRenew] },
  { phase: 'hardening', beside: true, checks: [tlsCiphers, fileModes, serviceUsers, podSecurity, limitsOfAbuse] },
  { phase: 'policy', checks: [policyDefaultDeny, policyAllowByPod, policyAllowByNamespace, policyAllowByPort, policyAllowByCidr, policyEgress] },
  // Restarts what the others rely on, so alone.
  { phase: 'policy-agent', checks: [policySurvivesAgentRestart] },
  { phase: 'idempotency', checks: [deployChangesNothing] },
  { phase: 'dns-availability', checks: [dnsSurvivesReplica] },
  { phase: 'availability', checks: [apiEndpointSurvives] },
  // Cuts the power of a machine, and with it ends the pods that others use.
  { phase: 'storage', checks: [claimKeepsData] },
];

export const E2E_CHECKS: readonly Check[] = E2E_PHASES.flatMap(({ checks }) => checks);
