import type { V1Node, V1Taint } from '@kubernetes/client-node';
import type { Host } from '../check.ts';
import { forVersion, playbookVariables } from './playbook-data.ts';

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

/** What the playbooks give control planes of a version that are no workers. */
function controlPlaneTaints(version: string): V1Taint[] {
  const { taints } = playbookVariables('group_vars/all/versions/node.yml')['node_versions'] as { readonly taints: unknown };
  return Object.entries(forVersion(taints, version)).map(([key, effect]) => ({ key, effect: String(effect) }));
}

function describeTaints(taints: readonly V1Taint[]): string {
  return taints
    .map(({ key, effect }) => `${key}:${effect}`)
    .sort()
    .join(', ');
}
