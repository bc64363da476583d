import type { ClusterDeployment, Role } from './cluster-deployment.ts';
import { familyProblems } from './family-rules.ts';
import { networkProblems } from './network-rules.ts';
import { portProblems } from './port-rules.ts';
import { duplicates, type Problem } from './problem.ts';

/**
 * Names that are something else already: groups of the generated inventory, Ansible's own, and every machine's name of
 * itself. `control_plane` is no valid name of a machine.
 */
const RESERVED_NAMES = ['all', 'ungrouped', 'etcd', 'worker', 'localhost'];

export function isReservedMachineName(name: string): boolean {
  return RESERVED_NAMES.includes(name);
}

/** All that is wrong with a document that is valid in shape, as far as no machine is needed to know. */
export function clusterProblems(document: ClusterDeployment): Problem[] {
  return [
    ...machineProblems(document),
    ...componentProblems(document),
    ...duplicates(document.spec.addOns.map(({ name }) => name), (index) => ['spec', 'addOns', index, 'name'], 'add-on'),
    ...networkProblems(document),
    ...familyProblems(document),
    ...portProblems(document),
  ];
}

function machineProblems({ spec: { machines, controlPlane } }: ClusterDeployment): Problem[] {
  const count = (role: Role) => machines.filter(({ roles }) => roles.includes(role)).length;
  const problems: Problem[] = [
    ...duplicates(machines.map(({ name }) => name), (index) => ['spec', 'machines', index, 'name'], 'machine'),
    ...machines.flatMap(({ roles }, index) => duplicates(roles, (role) => ['spec', 'machines', index, 'roles', role], 'role')),
    ...machines.flatMap(({ name }, index) => (isReservedMachineName(name)
      ? [{ path: ['spec', 'machines', index, 'name'], code: 'CLUSTER_NAME_RESERVED', what: `the name ${name} means something else to Ansible or to every machine`, remedy: `use another, such as ${name}-1` }]
      : [])),
  ];
  if (count('etcd') % 2 === 0) {
    problems.push({ path: ['spec', 'machines'], code: 'CLUSTER_ETCD_QUORUM', what: `etcd needs an odd number of members, got ${count('etcd')}`, remedy: 'give one machine more, or one less, the role etcd' });
  }
  if (count('control-plane') === 0) {
    problems.push({ path: ['spec', 'machines'], code: 'CLUSTER_NO_CONTROL_PLANE', what: 'no machine has the role control-plane', remedy: 'give one of them that role' });
  }
  if (count('control-plane') > 1 && controlPlane.endpoint.type === 'direct') {
    problems.push({
      path: ['spec', 'controlPlane', 'endpoint'], code: 'CLUSTER_ENDPOINT', what: 'more than one control plane needs a virtual-address or an external endpoint', remedy: 'use one of these types',
    });
  }
  return problems;
}

/** What goes together, or does not. */
function componentProblems({ spec: { runtime, network } }: ClusterDeployment): Problem[] {
  const problems: Problem[] = [];
  if (runtime.binaries !== undefined && runtime.version === undefined) {
    problems.push({ path: ['spec', 'runtime', 'version'], code: 'CLUSTER_INCOMPLETE', what: 'binaries are of one version: name it', remedy: 'add spec.runtime.version' });
  }
  if (runtime.crictl !== undefined && runtime.name !== 'containerd') {
    problems.push({ path: ['spec', 'runtime', 'crictl'], code: 'CLUSTER_INCOMPATIBLE', what: `crictl speaks CRI, which ${runtime.name} does not serve`, remedy: 'remove it, or use containerd' });
  }
  if (network.plugin === 'manifest' && network.plugins !== undefined) {
    problems.push({ path: ['spec', 'network', 'plugins'], code: 'CLUSTER_INCOMPATIBLE', what: 'a network from a manifest finds its plugins where the operating system has them, and not among these', remedy: 'remove them, or change the plugin' });
  }
  if ((network.plugin === 'manifest') !== (network.manifest !== undefined)) {
    problems.push({ path: ['spec', 'network', 'manifest'], code: 'CLUSTER_INCOMPLETE', what: 'a manifest is needed by the plugin manifest, and allowed with no other', remedy: 'add it, remove it, or change the plugin' });
  }
  if (network.plugin.startsWith('flannel-') !== (network.image !== undefined)) {
    problems.push({ path: ['spec', 'network', 'image'], code: 'CLUSTER_INCOMPLETE', what: 'an image is needed by the flannel plugins, and allowed with no other', remedy: 'add it, remove it, or change the plugin' });
  }
  return problems;
}
