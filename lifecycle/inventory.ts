import { isIP } from 'node:net';
import { z } from 'zod';
import { inventoryText } from './ansible-data.ts';
import type { ClusterDeployment, Role } from './cluster-deployment.ts';
import { DocumentError, readDocument, sortByPlace } from './document.ts';
import type { ProofgridError } from './error.ts';
import { host, label } from './formats.ts';
import { machineAddressProblems } from './network-rules.ts';

const text = z.string().regex(/^\P{Cc}*$/u, 'must not contain control characters');
const CONNECTION_VARIABLE = /^ansible_[a-z0-9_]+$/;
const connection = z.looseObject({ ansible_host: host.optional() }).pipe(z.record(
  z.string().regex(CONNECTION_VARIABLE, 'only connection variables (ansible_*) belong here; all else comes from the ClusterDeployment'),
  z.union([text, z.number(), z.boolean()]),
));

/**
 * How to reach the machines, and nothing else: a variable here would outrank the playbooks' own, and a group could
 * collide with ours, so that production would run something that was not tested.
 */
export const inventorySchema = z.strictObject({ all: z.strictObject({ hosts: z.record(label, connection.nullable()) }) });

/** How to reach each machine of a cluster: Ansible's connection variables, by its name. */
export type Connections = Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>;

/** Rejects with a `DocumentError` unless the inventory has exactly the machines of the cluster, at addresses that can be. */
export async function readInventory(file: string, cluster: ClusterDeployment): Promise<Connections> {
  const { value, problem } = await readDocument(file, inventorySchema);
  const hosts = Object.keys(value.all.hosts);
  const machines = cluster.spec.machines.map(({ name }) => name);
  const missing = machines.filter((name) => !hosts.includes(name)).map((name) =>
    problem(['all', 'hosts'], 'INVENTORY_MACHINE_MISSING', `machine ${name} of cluster ${cluster.metadata.name} is not in the inventory`, `add it under all.hosts`));
  const unknown = hosts.filter((name) => !machines.includes(name)).map((name) =>
    problem(['all', 'hosts', name], 'INVENTORY_MACHINE_UNKNOWN', `cluster ${cluster.metadata.name} has no machine ${name}`, 'remove it, or add it to spec.machines'));
  const connections = Object.fromEntries(machines.map((name) => [name, value.all.hosts[name] ?? {}]));
  const addresses = machineAddressProblems(cluster, managedAddresses(cluster, connections)).map(({ path, code, what, remedy }) => problem(path, code, what, `${remedy}; one that is only managed this way has its own address in spec.machines[].address`));
  const [first, ...others]: ProofgridError[] = sortByPlace([...missing, ...unknown, ...addresses]);
  if (first !== undefined) throw new DocumentError([first, ...others]);
  return connections;
}

/** Addresses that are those of the cluster too. A name may well be resolved to one that is not. */
function managedAddresses({ spec: { machines } }: ClusterDeployment, connections: Connections) {
  return machines.flatMap(({ name, address }) => {
    const managed = connections[name]?.ansible_host;
    if (address !== undefined || typeof managed !== 'string' || isIP(managed) === 0) return [];
    return [{ path: ['all', 'hosts', name, 'ansible_host'], machine: name, address: managed }];
  });
}

/** The inventory as Ansible reads it, in the order of the document, whatever a machine is called. */
export function inventoryJson({ spec: { machines } }: ClusterDeployment, connections: Connections): string {
  const hosts = machines.map(({ name }) => {
    const variables = Object.entries(connections[name] ?? {}).map(([key, value]) => [key, typeof value === 'string' ? inventoryText(value) : value]);
    return `${JSON.stringify(name)}: ${JSON.stringify(Object.fromEntries(variables))}`;
  });
  return `{"all": {"hosts": {\n${hosts.join(',\n')}\n}}}\n`;
}

/** Ansible's name of a role's group: `-` is not allowed in one. */
const GROUPS: Readonly<Record<Role, string>> = { etcd: 'etcd', 'control-plane': 'control_plane', worker: 'worker' };

/** The groups as an Ansible inventory, machines in the order of the document. An empty group stands there too. */
export function groupsYaml({ spec }: ClusterDeployment): string {
  const groups = Object.entries(GROUPS).map(([role, group]) => {
    const members = spec.machines.filter(({ roles }) => (roles as string[]).includes(role));
    // In quotes: Ansible reads YAML 1.1, in which `on` and 101 are no texts. Not an object: that moves 101 to the front.
    return `${group}:\n  hosts: {${members.map(({ name }) => `${JSON.stringify(name)}: null`).join(', ')}}\n`;
  });
  return groups.join('');
}
