import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished } from 'vitest';
import { createArtifacts } from '../../../harness/artifact/artifacts.ts';
import type { Engine, Resource } from '../../../harness/provider/container/engine.ts';
import { podmanEngine } from '../../../harness/provider/container/podman.ts';
import { createContainerProvider } from '../../../harness/provider/container/provider.ts';
import { processOwner } from '../../../harness/provider/owner.ts';
import type { Lease, LeaseRequest, Progress } from '../../../harness/provider/contract.ts';

/** Begins the cell's name of every lease of these tests. */
export const CELL = 'provider-test';

/** Tests reap with clocks that are wrong on purpose: they must see no lease of anybody else on this host. */
function onlyTests(engine: Engine): Engine {
  const ours = <T extends Resource>(resources: readonly T[]) =>
    resources.filter(({ labels }) => labels['dev.proofgrid.cell']?.startsWith(CELL) === true);
  return {
    ...engine,
    containers: async (lease) => ours(await engine.containers(lease)),
    networks: async (lease) => ours(await engine.networks(lease)),
    volumes: async (lease) => ours(await engine.volumes(lease)),
  };
}

export const provider = createContainerProvider({ engine: onlyTests(podmanEngine()) });
export const GIBIBYTE = 2 ** 30;

export function progress(signal: AbortSignal = new AbortController().signal): Progress {
  return { signal, report: () => undefined };
}

/** The product's own machine image, or another one for development. */
export async function machineImage(): Promise<string> {
  const given = process.env['PROOFGRID_TEST_IMAGE'];
  if (given !== undefined) return given;
  const artifacts = createArtifacts();
  const etcd = await artifacts.etcd({ type: 'debian-package', suite: 'bookworm', packages: ['etcd-server', 'etcd-client'] }, progress());
  const image = await artifacts.machineImage({ os: 'debian-12', runtime: 'containerd', etcd }, progress());
  return image.reference;
}

/** A directory that goes when the test is over. */
export function temporary(name: string): string {
  const path = mkdtempSync(join(tmpdir(), `${name}-`));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export async function request(machines: number, change: Partial<LeaseRequest> = {}): Promise<LeaseRequest & { readonly image: string }> {
  return {
    cell: CELL,
    owner: processOwner(CELL),
    timeToLive: 120_000,
    machines: Array.from({ length: machines }, (_, index) => ({ name: `m${index + 1}`, cpus: 1, memory: GIBIBYTE })),
    seeds: [],
    virtualAddress: false,
    // Blanks and percent signs: ssh and ansible have to cope with a path like this.
    directory: temporary('provider test 100%'),
    ...change,
    image: change.image ?? (await machineImage()),
  };
}

/** A lease for as long as the work takes, whatever becomes of it. */
export async function withLease<T>(machines: number, work: (lease: Lease) => Promise<T>, change: Partial<LeaseRequest> = {}): Promise<T> {
  const asked = await request(machines, change);
  const lease = await provider.acquire(asked, progress());
  try {
    return await work(lease);
  } finally {
    await provider.release(lease);
  }
}

export async function podman(...words: string[]): Promise<string> {
  return (await execa('podman', words, { stdin: 'ignore' })).stdout.trim();
}

export interface Traces {
  readonly containers: string;
  readonly networks: string;
  readonly volumes: string;
  readonly rules: string[];
  readonly processes: string[];
}

/** Everything on this host that belongs to our test's leases; other tests and people may have more. */
export async function traces(lease: string, subnet: string): Promise<Traces> {
  const filter = ['--filter', `label=dev.proofgrid.lease=${lease}`, '--quiet'];
  const { stdout: rules } = await execa('iptables-save');
  const { stdout: processes } = await execa('ps', ['-eo', 'args']);
  return {
    containers: await podman('ps', '--all', ...filter),
    networks: await podman('network', 'ls', ...filter),
    volumes: await podman('volume', 'ls', ...filter),
    rules: rules.split('\n').filter((rule) => rule.includes(subnet)),
    processes: processes.split('\n').filter((line) => line.includes(lease) && !line.startsWith('ps ')),
  };
}

/**
 * Nothing of the lease is left. What keeps resources must be gone at once; conmon, which is told by the machine's name, ends
 * by itself a moment after its container.
 */
export async function expectNoTraces(lease: string, subnet: string): Promise<void> {
  expect({ ...(await traces(lease, subnet)), processes: [] }).toEqual(NO_TRACES);
  await expect.poll(async () => (await traces(lease, subnet)).processes, { timeout: 60_000, message: 'processes of the lease' }).toEqual([]);
}

export const NO_TRACES: Traces = { containers: '', networks: '', volumes: '', rules: [], processes: [] };

/** All volumes of the engine: an anonymous one has no label by which it could be found. */
export async function volumeNames(): Promise<string[]> {
  return (await podman('volume', 'ls', '--quiet')).split('\n').filter(Boolean).sort();
}
