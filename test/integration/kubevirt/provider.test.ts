import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createArtifacts } from '../../../harness/artifact/artifacts.ts';
import { closeSshMasters, sshHost } from '../../../harness/machine/ssh.ts';
import { loadMatrix } from '../../../harness/matrix/load.ts';
import { selectCells } from '../../../harness/matrix/select.ts';
import type { LeaseRequest } from '../../../harness/provider/contract.ts';
import { createKubevirtProvider, type KubevirtProvider } from '../../../harness/provider/kubevirt/provider.ts';
import { parseSite, type Site } from '../../../harness/provider/kubevirt/site.ts';
import { STAGE_LIMITS } from '../../../harness/provider/kubevirt/stage.ts';
import { processOwner } from '../../../harness/provider/owner.ts';
import { MachineStartError } from '../../../harness/provider/start-error.ts';
import { ApiClient } from '../../kubevirt/api-client.ts';
import { startControlPlane, type ControlPlane } from '../../kubevirt/control-plane.ts';
import { containerBackend } from '../../kubevirt/double/container-backend.ts';
import { startDouble, type Double } from '../../kubevirt/double/double.ts';

const GIB = 2 ** 30;

function site(name: string, spec = ''): Site {
  return parseSite(
    `apiVersion: proofgrid.dev/v1alpha1
kind: Site
metadata: { name: ${name} }
spec:
  images: { debian-12: { type: claim, namespace: images, name: debian-12 } }
  seeds: baked
  network: { type: bridge }
${spec}`,
    `${name}.yaml`,
  );
}

let plane: ControlPlane;
let admin: ApiClient;
let double: Double;
let directory: string;

beforeAll(async () => {
  const [cell] = selectCells(await loadMatrix(), { names: ['all-in-one'], set: [] });
  const artifacts = createArtifacts();
  const progress = { signal: new AbortController().signal, report: () => undefined };
  const etcd = await artifacts.etcd(cell!.sources.etcd, progress);
  const image = await artifacts.machineImage({ os: cell!.axes.os, runtime: 'containerd', etcd }, progress);
  directory = await mkdtemp(join(tmpdir(), 'proofgrid-kubevirt-'));
  plane = await startControlPlane();
  admin = await ApiClient.connect(plane.kubeconfig);
  double = await startDouble(plane, containerBackend({ image: image.reference, seeds: [], init: 'sshd' }));
});

afterAll(async () => {
  await closeSshMasters();
  await double?.stop();
  admin?.close();
  await plane?.stop();
  if (directory !== undefined) await rm(directory, { recursive: true });
});

const progress = { signal: new AbortController().signal, report: () => undefined };
let count = 0;

function request(machines: readonly string[], change: Partial<LeaseRequest> = {}): LeaseRequest {
  count += 1;
  return {
    cell: 'small',
    owner: processOwner('test-run'),
    timeToLive: 120_000,
    machines: machines.map((name) => ({ name, cpus: 1, memory: GIB, roles: ['worker'] })),
    image: 'unused',
    os: 'debian-12',
    seeds: [],
    virtualAddress: false,
    directory: join(directory, String(count)),
    ...change,
  };
}

function provider(options: Partial<Parameters<typeof createKubevirtProvider>[0]> = {}): KubevirtProvider {
  const made = createKubevirtProvider({ kubeconfig: plane.kubeconfig, site: site('lab'), ...options });
  onTestFinished(async () => made.close());
  return made;
}

const leases = async () => (await admin.list('/api/v1/namespaces')).filter(({ metadata }) => metadata.name?.startsWith('proofgrid-') === true);

test('a lease: machines that answer, are found again, are renewed with one request, and go', async () => {
  const subject = provider();
  const lease = await subject.acquire(request(['a', 'b']), progress);
  expect(lease.machines.map(({ name }) => name)).toEqual(['a', 'b']);
  const { stdout } = await sshHost(lease.machines[1]!, []).exec(['hostname']);
  expect(stdout.trim()).toBe('b');
  expect(await subject.console!.read(lease, 'a')).toContain('Server listening');

  const again = await subject.find(lease.id, join(directory, String(count)));
  expect(again?.machines).toEqual(lease.machines);

  await subject.heartbeat(lease);
  const before = await subject.requests();
  await subject.heartbeat(lease);
  expect(await subject.requests()).toBe(before + 1);

  expect(await subject.reap({ dryRun: false, now: new Date(Date.now() + 3_600_000) })).toEqual([]); // its owner lives
  await subject.release(lease);
  await subject.release(lease);
  expect(await leases()).toEqual([]);
  await expect(readFile(lease.machines[0]!.identityFile)).rejects.toThrow('ENOENT');
  await expect(subject.heartbeat(lease)).rejects.toThrow('LEASE_GONE');
});

test.each([
  ['never-scheduled', 'scheduled', /nodes are available|Unschedulable|has no pod/],
  ['claim-pending', 'disk bound', /claim .*Pending/],
  ['no-address', 'address', /no interface/],
] as const)('a machine that is %s fails at the stage %s, with the evidence, and leaves nothing', async (fault, stage, reason) => {
  double.fault('*', '*', fault);
  onTestFinished(() => double.fault('*', '*', undefined));
  const limits = { ...STAGE_LIMITS, [stage]: 3000 };
  const error: unknown = await provider({ limits }).acquire(request(['a']), progress).catch((reason_: unknown) => reason_);
  expect(error).toBeInstanceOf(MachineStartError);
  const failure = error as MachineStartError;
  expect(failure).toMatchObject({ stage, fault: 'infrastructure', code: 'MACHINE_NOT_READY' });
  expect(failure.message).toMatch(reason);
  expect(failure.console).toContain('== Events');
  expect(await leases()).toEqual([]);
});

test('a second lease waits whole until the first goes, and nobody is over the budget', async () => {
  const subject = provider({ site: site('narrow', '  capacity: { cpus: 3, memory: 4Gi }') });
  const first = await subject.acquire(request(['a']), progress);
  const reports: string[] = [];
  let done = false;
  const second = subject.acquire(request(['a', 'b']), { ...progress, report: (message) => reports.push(message) }).finally(() => (done = true));
  await expect.poll(() => reports.length, { timeout: 20_000 }).toBeGreaterThan(0);
  expect(reports[0]).toContain(first.id);
  expect(done).toBe(false);
  await subject.release(first);
  await subject.release(await second);
  expect(await leases()).toEqual([]);
});

test('an aborted acquisition leaves nothing, and another site is not touched by reaping', async () => {
  const other = provider({ site: site('other') });
  const kept = await other.acquire(request(['a'], { owner: { ...processOwner('gone'), bootId: 'another-host' }, timeToLive: 1 }), progress);
  const abort = new AbortController();
  const work = provider().acquire(request(['a', 'b']), { signal: abort.signal, report: (message) => message.includes('objects') && abort.abort() });
  await expect(work).rejects.toThrow('ACQUIRE_ABORTED');
  expect(await provider().reap({ dryRun: false, now: new Date() })).toEqual([]);
  expect((await leases()).map(({ metadata }) => metadata.labels?.['proofgrid.dev/lease'])).toEqual([kept.id]);
  const later = { dryRun: false, now: new Date(Date.now() + 3_600_000) };
  expect(await other.reap(later)).toEqual([]); // this process took it over when it renewed it
  await other.release(kept);
  expect(await leases()).toEqual([]);
});
