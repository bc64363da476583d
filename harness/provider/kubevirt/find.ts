import type { Lease, Machine } from '../contract.ts';
import { keyFiles } from '../ssh-keys.ts';
import { anyway } from './access.ts';
import type { Context } from './context.ts';
import { LEASE_ID, parseLease } from './lease.ts';
import { namespaceOf } from './names.ts';
import type { Namespace, VirtualMachineInstance } from './objects.ts';
import { leaseProperties, networkOf } from './properties.ts';

/** A lease as its namespace describes it; undefined unless all of its machines run. */
export async function findLease(context: Context, id: string, directory: string): Promise<Lease | undefined> {
  if (!LEASE_ID.test(id)) return undefined;
  const { client, clock, site } = context;
  const namespace = namespaceOf(id);
  const answer = await client.get<Namespace>({ kind: 'Namespace', name: namespace });
  if (answer === undefined) return undefined;
  clock.heard(answer.date);
  const facts = parseLease(answer.object);
  if (facts === undefined || facts.terminating !== undefined) return undefined;
  const { items } = await client.list<VirtualMachineInstance>({ kind: 'VirtualMachineInstance', namespace });
  const machines = await Promise.all(facts.machines.map((name) => findMachine(context, namespace, name, items, directory)));
  const found = machines.flatMap((machine) => machine ?? []);
  if (found.length < machines.length) return undefined;
  return {
    id,
    cell: facts.cell,
    machines: found,
    ...(facts.virtualAddress === undefined ? {} : { virtualAddress: facts.virtualAddress }),
    network: networkOf(site, found.map(({ address }) => address)),
    properties: await leaseProperties(client, site, found.map((machine) => ({ machine, failedUnits: [] }))),
  };
}

async function findMachine(context: Context, namespace: string, name: string, instances: readonly VirtualMachineInstance[], directory: string): Promise<Machine | undefined> {
  const status = instances.find(({ metadata }) => metadata.name === name)?.status;
  const address = addressOf(status);
  if (status?.phase !== 'Running' || address === undefined) return undefined;
  const machine = { name, address, port: 22, user: 'root', ...keyFiles(directory) };
  return anyway(context, namespace, machine);
}

export function addressOf(status: VirtualMachineInstance['status']): string | undefined {
  return status?.interfaces?.find(({ ipAddress }) => ipAddress !== undefined && ipAddress !== '')?.ipAddress;
}
