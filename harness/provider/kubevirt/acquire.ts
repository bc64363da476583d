import { randomBytes } from 'node:crypto';
import pLimit from 'p-limit';
import { ProofgridError } from '../../../lifecycle/error.ts';
import { closeSshMasters } from '../../machine/ssh.ts';
import type { Lease, LeaseRequest, Machine, Progress } from '../contract.ts';
import { pidNamespace } from '../owner.ts';
import { settle } from '../settle.ts';
import { keyFiles } from '../ssh-keys.ts';
import { blockAddresses } from './addresses.ts';
import { watchCell } from './cell-view.ts';
import type { Context } from './context.ts';
import { keepAlive } from './keep-alive.ts';
import { generateLeaseKeys, knownHostsWriter, removeKeys, type LeaseKeys } from './keys.ts';
import { ADMISSION, type Demand } from './lease.ts';
import { namespaceOf } from './names.ts';
import type { KubeObject, Namespace } from './objects.ts';
import { leaseProperties, networkOf } from './properties.ts';
import { untilAdmitted } from './queue.ts';
import { untilQuotaInForce } from './quota-in-force.ts';
import { untilReady, type Ready } from './ready.ts';
import { siteLeases } from './reap.ts';
import { leaked, removeLease, type Removed } from './removal.ts';
import { renderCell, type CellObjects, type RunnerPod } from './render.ts';
import { checkRequest } from './request.ts';
import { reserveAddresses, type Reserved } from './reservation.ts';
import { runnerPod } from './runner-pod.ts';
import { imageOf } from './site.ts';
import type { Stage } from './stage.ts';

/** Requests at a time while a cell's objects are made. */
const AT_ONCE = 4;

export interface AcquireOptions {
  readonly limits?: Readonly<Record<Stage, number>>;
  readonly queueLimitMs?: number;
  /** Milliseconds until the cluster must count by the cell's quota. */
  readonly quotaLimitMs?: number;
  /** Milliseconds until a namespace that does not go away counts as leaked. */
  readonly removalLimitMs?: number;
}

/** All machines with a proven SSH login, or nothing at all and an error. */
export async function acquire(context: Context, request: LeaseRequest, { signal, report }: Progress, options: AcquireOptions = {}): Promise<Lease> {
  const { os, demand } = checkRequest(request, context.site);
  refuseAborted(signal);
  const id = randomBytes(6).toString('hex');
  // Others who fail while one has failed already must not look for machines that are being removed.
  const failure = new AbortController();
  const progress = { signal: AbortSignal.any([signal, failure.signal]), report };
  const pod = await runnerPod(context.client);
  const met: Machine[] = [];
  try {
    return await build({ context, request, os, demand, id, pod, progress, options, met, abort: (reason) => failure.abort(reason) });
  } catch (error) {
    failure.abort(error);
    const left = await undo(context, { id, runnerPod: pod }, request, met, options.removalLimitMs).catch((reason: unknown) => [String(reason)]);
    if (left.length > 0) throw leaked(id, request.cell, left, error);
    refuseAborted(signal);
    throw error;
  }
}

interface Build {
  readonly context: Context;
  readonly request: LeaseRequest;
  readonly os: string;
  readonly demand: Demand;
  readonly id: string;
  readonly pod: RunnerPod | undefined;
  readonly progress: Progress;
  readonly options: AcquireOptions;
  readonly abort: (reason: unknown) => void;
  /** Every machine that was ever spoken to; their connections end with a failure. */
  readonly met: Machine[];
}

async function build(work: Build): Promise<Lease> {
  const { context, request, id, progress, options, abort } = work;
  const { client, site } = context;
  const keys = await generateLeaseKeys(request.directory, id, request.machines.map(({ name }) => name));
  await siteLeases(context, progress.signal); // for the API server's clock
  await claimNamespace(work, keys);
  const alive = keepAlive(context, id, request.cell, abort);
  try {
    await untilAdmitted(context, id, request.cell, progress, options.queueLimitMs);
    const reserved = await reserveAddresses(context, { id, cell: request.cell, machines: Object.keys(keys.hosts), virtualAddress: request.virtualAddress }, progress.signal);
    const objects = renderCell(cellObjects(work, keys, reserved), site).filter(({ kind }) => kind !== 'Namespace');
    if (reserved.virtualAddress !== undefined) alive.annotate({ [ADMISSION.virtualAddress]: reserved.virtualAddress });
    await createObjects(work, objects);
    progress.report(`namespace ${namespaceOf(id)} has its ${objects.length} objects`);
    const ready = await startMachines(work, keys, objects);
    const network = networkOf(site, ready.map(({ machine }) => machine.address));
    const address = reserved.virtualAddress === undefined ? {} : { virtualAddress: reserved.virtualAddress };
    return { id, cell: request.cell, machines: ready.map(({ machine }) => machine), ...address, network, properties: await leaseProperties(client, site, ready, imageOf(site, work.os)) };
  } finally {
    await alive.stop();
  }
}

/** First of all the namespace: from here on the lease can be found, judged and reaped by anyone. */
async function claimNamespace(work: Build, keys: LeaseKeys): Promise<void> {
  const { context, demand, progress } = work;
  const { network } = context.site;
  // Rendering is validating, so all of it comes before anything is made; the real block of addresses is known later.
  const provisional = network.type === 'multus' ? { addresses: blockAddresses(network, 0, Object.keys(keys.hosts)) } : {};
  const objects = renderCell(cellObjects(work, keys, provisional), context.site);
  const namespace = objects.find((object): object is Namespace => object.kind === 'Namespace');
  if (namespace === undefined) throw new Error('the templates make no namespace');
  const annotations = { ...namespace.metadata.annotations, [ADMISSION.state]: 'waiting', [ADMISSION.demand]: JSON.stringify(demand) };
  // The runner's shadow comes before what it stands for: a lease that names a runner without one counts as orphaned.
  for (const shadow of objects.filter(({ kind }) => kind === 'Lease')) await context.client.apply(shadow, progress.signal);
  const { date } = await context.client.create({ ...namespace, metadata: { ...namespace.metadata, annotations } }, progress.signal);
  context.clock.heard(date);
}

function cellObjects({ context, request, os, id, pod }: Build, keys: LeaseKeys, { addresses }: Reserved): CellObjects {
  const { cell, owner, timeToLive, kept, machines } = request;
  return {
    lease: id,
    ...{ cell, os, timeToLive },
    owner: { ...owner, pidNamespace: pidNamespace() },
    created: context.clock.now(),
    kept: kept === true,
    ...(pod === undefined ? {} : { runnerPod: pod }),
    machines: machines.map(({ name, cpus, memory, roles = [] }) => ({ name, cpus, memory, roles, hostKey: keys.hosts[name] ?? { privateKey: '', publicKey: '' } })),
    authorizedKey: keys.authorizedKey,
    ...(addresses === undefined ? {} : { addresses }),
  };
}

/**
 * Policies and quota in their order first, so that no machine is ever without them; then the machines' objects side by side.
 * The quota is waited for last: its controller has had the time of all the others.
 */
async function createObjects({ context, progress, abort, options }: Build, objects: readonly KubeObject[]): Promise<void> {
  const perMachine = new Set(['Secret', 'DataVolume', 'VirtualMachine']);
  for (const object of objects.filter(({ kind }) => !perMachine.has(kind))) await context.client.apply(object, progress.signal);
  await untilQuotaInForce(context, objects, progress, options.quotaLimitMs);
  const limit = pLimit(AT_ONCE);
  const make = (kind: string) => settle(abort, objects.filter((object) => object.kind === kind).map((object) => limit(() => context.client.apply(object, progress.signal))));
  for (const kind of ['Secret', 'DataVolume', 'VirtualMachine']) await make(kind);
}

async function startMachines({ context, request, id, progress, options, abort, met }: Build, keys: LeaseKeys, objects: readonly KubeObject[]): Promise<Ready[]> {
  const watching = new AbortController();
  const know = knownHostsWriter(request.directory, keys);
  const view = await watchCell(context.client, namespaceOf(id), AbortSignal.any([progress.signal, watching.signal]));
  try {
    return await settle(
      abort,
      request.machines.map(async ({ name }) => {
        const dataVolumes = objects.filter(({ kind, metadata }) => kind === 'DataVolume' && [`root-${name}`, `etcd-${name}`].includes(metadata.name)).map(({ metadata }) => metadata.name);
        const machine = async (address: string): Promise<Machine> => {
          await know(name, address);
          return { name, address, port: 22, user: 'root', ...keyFiles(request.directory) };
        };
        const reached = (found: Machine) => void met.push(found);
        const ready = await untilReady(context, view, { id, name, dataVolumes, machine, reached, report: progress.report, ...(options.limits === undefined ? {} : { limits: options.limits }) }, progress.signal);
        progress.report(`machine ${name} is ready${ready.machine.via === undefined ? '' : ', through the API server'}`);
        return ready;
      }),
    );
  } finally {
    watching.abort();
  }
}

async function undo(context: Context, lease: Removed, { directory }: LeaseRequest, met: readonly Machine[], limitMs: number | undefined): Promise<string[]> {
  await closeSshMasters(met);
  await context.tunnels.close(namespaceOf(lease.id));
  await removeKeys(directory);
  return removeLease(context, lease, limitMs);
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
