import type { V1Node, V1Taint } from '@kubernetes/client-node';
import type { Host } from '../check.ts';

const PLATFORM_LABELS = ['kubernetes.io/hostname', 'kubernetes.io/os', 'kubernetes.io/arch'] as const;

/** What is wrong with a node's standard labels, its cordon and its taints, each with the name of the node. */
export function complainOfNode(host: Pick<Host, 'name' | 'roles'>, node: V1Node | undefined, version: string): string[] {
  if (node === undefined) return [`${host.name}: is no node`];
  const info = node.status?.nodeInfo;
  const wanted = [host.name, info?.operatingSystem, info?.architecture];
  const labels = PLATFORM_LABELS.flatMap((label, index) => {
    const value = node.metadata?.labels?.[label];
    return value === wanted[index] ? [] : [`label ${label} is ${value ?? 'missing'}, expected ${wanted[index]}`];
  });
  const unschedulable = node.spec?.unschedulable === true;
  // Comes with the cordon, and would say the same again.
  const taints = describeTaints((node.spec?.taints ?? []).filter(({ key }) => !unschedulable || key !== 'node.kubernetes.io/unschedulable'));
  const expected = describeTaints(host.roles.includes('worker') ? [] : controlPlaneTaints(version));
  const cordoned = unschedulable ? ['is cordoned'] : [];
  const tainted = taints === expected ? [] : [`taints are [${taints}], expected [${expected}]`];
  return [...labels, ...cordoned, ...tainted].map((complaint) => `${host.name}: ${complaint}`);
}

/** Up to 1.24 there is the older key beside it: what `node_versions.taints` of the playbooks gives. */
function controlPlaneTaints(version: string): V1Taint[] {
  const minor = Number(version.split('.')[1]);
  const keys = ['control-plane', ...(minor <= 24 ? ['master'] : [])];
  return keys.map((key) => ({ key: `node-role.kubernetes.io/${key}`, effect: 'NoSchedule' }));
}

function describeTaints(taints: readonly V1Taint[]): string {
  return taints
    .map(({ key, effect }) => `${key}:${effect}`)
    .sort()
    .join(', ');
}
