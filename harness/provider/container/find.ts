import type { Lease } from '../contract.ts';
import { toMachine } from './acquire.ts';
import type { Engine } from './engine.ts';
import { leaseVolume } from './heartbeat.ts';
import { LEASE_ID, labelOf } from './labels.ts';
import { readLease } from './lease-volume.ts';
import { leaseProperties } from './properties.ts';

/** A lease as its resources describe it; undefined unless all of it still exists. */
export async function findLease(engine: Engine, id: string, directory: string): Promise<Lease | undefined> {
  if (!LEASE_ID.test(id)) return undefined;
  const volume = await leaseVolume(engine, id);
  const facts = volume === undefined ? undefined : await readLease(volume);
  const [network] = await engine.networks(id);
  const subnet = network === undefined ? undefined : labelOf(network.labels, 'subnet');
  if (facts === undefined || network === undefined || subnet === undefined) return undefined;
  const containers = await engine.containers(id);
  const machines = facts.machines.flatMap((name) => {
    const container = containers.find(({ labels }) => labelOf(labels, 'machine') === name);
    const address = container === undefined ? undefined : labelOf(container.labels, 'address');
    return address === undefined ? [] : [toMachine({ name }, address, directory)];
  });
  if (machines.length < facts.machines.length) return undefined;
  const virtualAddress = labelOf(network.labels, 'virtual-address');
  return {
    id,
    cell: facts.cell,
    machines,
    ...(virtualAddress === undefined ? {} : { virtualAddress }),
    network: subnet,
    properties: leaseProperties({
      engine: engine.name,
      version: await engine.version(),
      digest: labelOf(network.labels, 'image-digest') ?? '',
      failedUnits: {},
    }),
  };
}
