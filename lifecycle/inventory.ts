import { z } from 'zod';
import type { ClusterDeployment, Role } from './cluster-deployment.ts';
import { DocumentError, readDocument } from './document.ts';
import type { ProofgridError } from './error.ts';

/**
 * How to reach the machines, and nothing else: a variable here would outrank the playbooks' own, and a group could
 * collide with ours, so that production would run something that was not tested.
 */
const inventorySchema = z.strictObject({
  all: z.strictObject({
    hosts: z.record(z.string(), z.record(
      z.string().regex(/^ansible_/, 'only connection variables (ansible_*) belong here; all else comes from the ClusterDeployment'),
      z.union([z.string(), z.number(), z.boolean()]),
    ).nullable()),
  }),
});

/** Rejects with a `DocumentError` unless the inventory has exactly the machines of the cluster. */
export async function checkInventory(file: string, cluster: ClusterDeployment): Promise<void> {
  const { value, problem } = await readDocument(file, inventorySchema);
  const hosts = Object.keys(value.all.hosts);
  const machines = cluster.spec.machines.map(({ name }) => name);
  const missing = machines.filter((name) => !hosts.includes(name)).map((name) =>
    problem(['all', 'hosts'], 'INVENTORY_MACHINE_MISSING', `machine ${name} of cluster ${cluster.metadata.name} is not in the inventory`, `add it under all.hosts`));
  const unknown = hosts.filter((name) => !machines.includes(name)).map((name) =>
    problem(['all', 'hosts', name], 'INVENTORY_MACHINE_UNKNOWN', `cluster ${cluster.metadata.name} has no machine ${name}`, 'remove it, or add it to spec.machines'));
  const [first, ...others]: ProofgridError[] = [...missing, ...unknown];
  if (first !== undefined) throw new DocumentError([first, ...others]);
}

/** Ansible's name of a role's group: `-` is not allowed in one. */
const GROUPS: Readonly<Record<Role, string>> = { etcd: 'etcd', 'control-plane': 'control_plane', worker: 'worker' };

/** The groups as an Ansible inventory, machines in the order of the document. An empty group stands there too. */
export function groupsOf({ spec }: ClusterDeployment): Record<string, { hosts: Record<string, null> }> {
  return Object.fromEntries(Object.entries(GROUPS).map(([role, group]) => {
    const members = spec.machines.filter(({ roles }) => (roles as string[]).includes(role));
    return [group, { hosts: Object.fromEntries(members.map(({ name }) => [name, null])) }];
  }));
}
