import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { ProofgridError } from '../../../lifecycle/error.ts';
import { closeSshMasters } from '../../machine/ssh.ts';
import type { Lease, LeaseRequest, Machine, MachineRequest, Progress } from '../contract.ts';
import { pidNamespace } from '../owner.ts';
import { settle } from '../settle.ts';
import { generateKey, keyFiles, writeKnownHosts } from '../ssh-keys.ts';
import type { Engine } from './engine.ts';
import { machineFiles, prepareMachine } from './keys.ts';
import { labelled, leaseLabels, type LeaseFacts } from './labels.ts';
import { writeLeaseState } from './lease-volume.ts';
import { containerName, containerSpec, type MachineBlueprint } from './machine-spec.ts';
import { createNetwork, type NetworkPlan } from './network.ts';
import { leaseProperties } from './properties.ts';
import { stage, untilReady } from './ready.ts';
import { removeLease } from './removal.ts';
import { checkRequest } from './request.ts';

/** All machines with a proven SSH login, or nothing at all and an error. */
export async function acquire(engine: Engine, pool: string, request: LeaseRequest, { signal, report }: Progress): Promise<Lease> {
  const { image, digest } = await checkRequest(engine, request);
  refuseAborted(signal);
  const facts = leaseFacts(request);
  // Others who fail while one has failed already must not look for machines that are being removed.
  const failure = new AbortController();
  const progress = { signal: AbortSignal.any([signal, failure.signal]), report };
  try {
    return await build({ engine, pool, request, image, digest, facts, progress, abort: (reason) => failure.abort(reason) });
  } catch (error) {
    const left = await undo(engine, facts, request.directory).catch((reason: unknown) => [String(reason)]);
    if (left.length > 0) throw leaked(facts, left, error);
    refuseAborted(signal);
    throw error;
  }
}

interface Build {
  readonly engine: Engine;
  readonly pool: string;
  readonly request: LeaseRequest;
  readonly image: string;
  readonly digest: string;
  readonly facts: LeaseFacts;
  readonly progress: Progress;
  readonly abort: (reason: unknown) => void;
}

async function build({ engine, pool, request, image, digest, facts, progress, abort }: Build): Promise<Lease> {
  const labels = { ...leaseLabels(facts), ...labelled({ 'image-digest': digest }) };
  const name = `proofgrid-${facts.id}`;
  // First of all: from here on the lease can be found, judged and reaped by anyone.
  const mountpoint = await engine.createVolume(name, labels);
  await writeLeaseState(mountpoint, facts);
  await mkdir(request.directory, { recursive: true, mode: 0o700 });
  const { identityFile, knownHostsFile } = keyFiles(request.directory);
  await Promise.all([rm(identityFile, { force: true }), rm(`${identityFile}.pub`, { force: true })]);
  const [plan, authorizedKey, version] = await settle(abort, [
    createNetwork(engine, { name, pool, labels, virtualAddress: request.virtualAddress, dualStack: request.dualStack === true }),
    generateKey(identityFile, name),
    engine.version(),
  ] as const);
  const blueprints = request.machines.map((machine, index): MachineBlueprint => ({
    lease: facts.id,
    request: machine,
    address: plan.address(index),
    ...(request.dualStack === true && { ipv6Address: plan.ipv6.address(index) }),
    network: name,
    image,
    seeds: request.seeds,
    files: machineFiles(mountpoint, machine.name),
    labels,
  }));
  const publicKeys = await settle(abort, blueprints.map(({ files, request: { name: machine } }) => prepareMachine(files, machine, authorizedKey)));
  await writeKnownHosts(knownHostsFile, blueprints.map(({ address }, index) => ({ address, publicKey: publicKeys[index] ?? '' })));
  const machines = blueprints.map(({ request: machine, address }) => toMachine(machine, address, request.directory));
  const units = await settle(abort, blueprints.map((blueprint, index) => start(engine, blueprint, machines[index], progress)));
  const failedUnits = Object.fromEntries(machines.map(({ name: machine }, index) => [machine, units[index] ?? []]));
  const properties = leaseProperties({ engine: engine.name, version, digest, failedUnits });
  return toLease(facts, machines, plan, request.virtualAddress, properties);
}

async function start(engine: Engine, blueprint: MachineBlueprint, machine: Machine | undefined, progress: Progress): Promise<string[]> {
  if (machine === undefined) return [];
  const { signal, report } = progress;
  const spec = containerSpec(blueprint);
  signal.throwIfAborted();
  await stage(engine, machine.name, spec.name, 'created', () => engine.createContainer(spec));
  signal.throwIfAborted();
  await stage(engine, machine.name, spec.name, 'started', () => engine.start(spec.name));
  report(`machine ${machine.name} has started`);
  const failedUnits = await untilReady(engine, machine, spec.name, signal);
  report(`machine ${machine.name} is ready`);
  return failedUnits;
}

function leaseFacts(request: LeaseRequest): LeaseFacts {
  const created = new Date();
  return {
    id: randomBytes(6).toString('hex'),
    cell: request.cell,
    owner: request.owner,
    namespace: pidNamespace(),
    created,
    expires: new Date(created.getTime() + request.timeToLive),
    machines: request.machines.map(({ name }) => name),
    kept: request.kept === true,
    timeToLive: request.timeToLive,
  };
}

export function toMachine({ name }: Pick<MachineRequest, 'name'>, address: string, directory: string): Machine {
  return { name, address, port: 22, user: 'root', ...keyFiles(directory) };
}

function toLease(
  { id, cell }: LeaseFacts,
  machines: readonly Machine[],
  plan: NetworkPlan,
  virtualAddress: boolean,
  properties: Lease['properties'],
): Lease {
  const address = virtualAddress ? { virtualAddress: plan.virtualAddress } : {};
  return { id, cell, machines, ...address, network: plan.subnet, properties };
}

async function undo(engine: Engine, { id, machines }: LeaseFacts, directory: string): Promise<string[]> {
  const { identityFile, knownHostsFile } = keyFiles(directory);
  await closeSshMasters(machines.map((name) => toMachine({ name }, containerName(id, name), directory)));
  await Promise.all([identityFile, `${identityFile}.pub`, knownHostsFile].map((path) => rm(path, { force: true })));
  return removeLease(engine, id);
}

function refuseAborted(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new ProofgridError({
    code: 'ACQUIRE_ABORTED',
    fault: 'interrupted',
    what: 'the acquisition of machines was aborted, and everything it had made is removed',
    cause: signal.reason,
  });
}

function leaked({ id, cell }: LeaseFacts, left: readonly string[], cause: unknown): ProofgridError {
  return new ProofgridError({
    code: 'LEASE_LEAKED',
    fault: 'leaked',
    what: `the machines of cell ${cell} (lease ${id}) could not be had, and not all of them could be removed: ${left.join(', ')}`,
    remedy: 'run proofgrid reap',
    cause,
  });
}
