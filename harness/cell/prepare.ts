import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import type { ClusterDeployment } from '../../lifecycle/cluster-deployment.ts';
import type { Artifacts, Binaries, ImageArchive, MachineImage } from '../artifact/contract.ts';
import type { JournalWriter } from '../journal/event.ts';
import { writeInventory } from '../machine/inventory.ts';
import { ENGINE_COMPONENTS, type Cell, type EngineComponents } from '../matrix/cell.ts';
import { imageSeed, toClusterDeployment } from '../matrix/deployment.ts';
import { MachineStartError } from '../provider/start-error.ts';
import type { Lease, LeaseRequest, Owner, Progress, Provider, Seed, Wish } from '../provider/contract.ts';
import { openPhase } from './phase.ts';
import type { CellPaths } from './run-directory.ts';
import { announce, gather, imagesOf, type Supplies } from './supplies.ts';

/** A lease that nobody renews for this long belongs to nobody. Heartbeats come far more often. */
const LEASE_TIME_TO_LIVE = 120_000;

export interface Prepared {
  readonly lease: Lease;
  readonly deployment: ClusterDeployment;
  readonly agnhost: ImageArchive;
}

export interface Preparation {
  readonly cell: Cell;
  readonly paths: CellPaths;
  readonly journal: JournalWriter;
  readonly provider: Provider;
  readonly artifacts: Artifacts;
  readonly owner: Owner;
  readonly signal: AbortSignal;
  /** Called as soon as the machines exist, so that whatever happens next they are released. */
  readonly onLease: (lease: Lease) => void;
  /** A lease of an earlier attempt that still lives (`--resume`). */
  readonly existing?: Lease;
}

/** Artifacts, machines, and the two documents that the lifecycle runner reads. */
export async function prepare(preparation: Preparation): Promise<Prepared> {
  const { cell, journal, signal } = preparation;
  const phase = openPhase(journal, { cell: cell.slug, suite: 'cell', phase: 'prepare' }, ['artifacts', 'machines']);
  const report = (message: string) => journal.write({ type: 'progress', cell: cell.slug, message });
  try {
    const supplies = await phase.run('artifacts', async () => {
      await announce(preparation, report);
      return gather(preparation, { signal, report });
    });
    const seeds = seedsOf(cell, supplies);
    const lease = await phase.run('machines', async () => {
      if (preparation.existing !== undefined) return preparation.existing;
      const { engineComponents, ...others } = seeds;
      const all = [...Object.values(others), ...Object.values(engineComponents), ...imagesOf(supplies).map(imageSeed)];
      return acquire(preparation, supplies.image, all, { signal, report });
    });
    preparation.onLease(lease);
    const deployment = toClusterDeployment({ cell, ...supplies, seeds, lease });
    await writeDocuments(preparation.paths, deployment, lease);
    writeProperties(journal, cell.slug, supplies, lease);
    return { lease, deployment, agnhost: supplies.images.agnhost };
  } finally {
    phase.finish();
  }
}

/** What the cell will ask of its provider; that there are seeds is known before what is in them. */
export function wishOf(cell: Cell): Wish & { readonly os: string } {
  return {
    cell: cell.slug,
    machines: cell.machines.map(({ name, cpus, memory, roles }) => ({ name, cpus, memory, roles })),
    os: cell.axes.os,
    seeds: ['kubernetes', 'images'].map((part) => ({ source: '', target: `/opt/seed/${part}` })),
    virtualAddress: cell.machines.filter(({ roles }) => roles.includes('control-plane')).length > 1,
    podNetwork: cell.axes.network,
    ...(cell.axes.families === 'dual-stack' && { dualStack: true }),
  };
}

async function acquire({ cell, paths, owner, provider }: Preparation, image: MachineImage | undefined, seeds: Seed[], progress: Progress): Promise<Lease> {
  const request: LeaseRequest = {
    ...wishOf(cell),
    owner,
    timeToLive: LEASE_TIME_TO_LIVE,
    ...(image !== undefined && { image: image.reference }),
    seeds,
    directory: paths.secrets,
  };
  try {
    return await provider.acquire(request, progress);
  } catch (error) {
    // the machine is gone by now, so its console lives in the error alone
    if (error instanceof MachineStartError) await writeFile(path.join(paths.evidence, `console-${error.machine}.log`), error.console, { mode: 0o600 }).catch(() => undefined);
    throw error;
  }
}

function seedsOf(cell: Cell, { kubernetes, runtime, engineComponents }: Supplies): { kubernetes: Seed; runtime?: Seed; engineComponents: EngineComponents<Seed> } {
  const seed = (name: string, { directory, version }: Binaries): Seed => ({ source: directory, target: `/opt/seed/${name}/${version}` });
  return {
    kubernetes: seed('kubernetes', kubernetes),
    ...(runtime !== undefined && { runtime: seed(cell.runtime, runtime) }),
    engineComponents: Object.fromEntries(ENGINE_COMPONENTS.flatMap((name) => (engineComponents[name] === undefined ? [] : [[name, seed(name, engineComponents[name])]]))),
  };
}

async function writeDocuments(paths: CellPaths, deployment: ClusterDeployment, lease: Lease): Promise<void> {
  // YAML 1.1 is what Ansible reads: under 1.2 `yes` and `12:30` would come out unquoted
  await writeFile(paths.cluster, stringify(deployment, { version: '1.1' }));
  await writeInventory(paths.inventory, lease.machines);
}

function writeProperties(journal: JournalWriter, cell: string, supplies: Supplies, lease: Lease): void {
  const properties: Record<string, string> = {
    ...describe('kubernetes', supplies.kubernetes),
    ...describe('etcd', supplies.etcd),
    ...(supplies.runtime !== undefined && describe('runtime', supplies.runtime)),
    ...Object.fromEntries(Object.entries(supplies.engineComponents).flatMap(([name, binaries]) => Object.entries(describe(name, binaries)))),
    ...(supplies.image !== undefined && { 'image.digest': supplies.image.digest, ...prefixed('image.package', supplies.image.packages) }),
    ...prefixed('machines', lease.properties),
    ...Object.assign({}, ...imagesOf(supplies).map(describeImage)) as Record<string, string>,
  };
  for (const [name, value] of Object.entries(properties)) journal.write({ type: 'property', cell, name, value });
}

function describe(component: string, { version, digest, provenance }: Binaries): Record<string, string> {
  return { [`${component}.version`]: version, [`${component}.digest`]: digest, ...prefixed(`${component}.provenance`, provenance) };
}

function describeImage({ name, reference, sha256, provenance }: ImageArchive): Record<string, string> {
  return { [`${name}.image`]: reference, [`${name}.sha256`]: sha256, ...prefixed(`${name}.provenance`, provenance) };
}

function prefixed(prefix: string, record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [`${prefix}.${name}`, value]));
}
