import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readJournal } from '../../harness/journal/read.ts';
import type { JournalLine } from '../../harness/journal/event.ts';
import { closeSshMasters } from '../../harness/machine/ssh.ts';
import type { Lease } from '../../harness/provider/contract.ts';
import { createKubevirtProvider, type KubevirtProvider } from '../../harness/provider/kubevirt/provider.ts';
import { readSite } from '../../harness/provider/kubevirt/site.ts';
import { processOwner } from '../../harness/provider/owner.ts';
import { waitFor } from '../../harness/provider/wait.ts';
import { path as objectPath } from '../kubevirt/double/kinds.ts';
import { junitShape } from '../unit/report/junit-shape.ts';
import { startManagementCluster, type ManagementCluster } from './management-cluster.ts';
import { newDirectory } from './proofgrid.ts';

/** Memory of one cell of one machine with its overhead fits, memory of two does not. */
const ROOM_FOR_ONE = { capacity: { cpus: 64, memory: '6Gi' } };
const GIBIBYTE = 2 ** 30;

let cluster: ManagementCluster;
let secrets: string;

beforeAll(async () => {
  cluster = await startManagementCluster('all-in-one');
  secrets = await mkdtemp(path.join(tmpdir(), 'proofgrid-system-'));
  // carries a label of ours, and nothing else that makes a lease
  await cluster.admin.create('/api/v1/namespaces', { metadata: { name: 'somebody-else', labels: { 'proofgrid.dev/lease': 'not-ours' } } });
});
afterAll(async () => {
  await closeSshMasters();
  await cluster?.stop();
  if (secrets !== undefined) await rm(secrets, { recursive: true, force: true });
});

interface Started {
  readonly directory: string;
  readonly run: ReturnType<ManagementCluster['proofgrid']>;
}

async function startRun(name: string, site: string): Promise<Started> {
  const directory = await newDirectory(name);
  return { directory, run: cluster.proofgrid(['run', 'all-in-one', '--provider', 'kubevirt', '--site', site, '--run-dir', directory]) };
}

/** The first line of a run's journal that fits; a run that ends before fails the test with what it said. */
async function untilLine<T>({ run, directory }: Started, what: string, find: (line: JournalLine) => T | undefined): Promise<T> {
  const file = path.join(directory, 'journal.jsonl');
  let ended: string | undefined;
  void run.then(({ all }) => (ended = all));
  return waitFor({ name: `${what} in ${file}`, limitMs: 600_000, intervalMs: 50 }, async () => {
    const over = ended;
    const lines = existsSync(file) ? readJournal(file).lines : [];
    for (const line of lines) {
      const found = find(line);
      if (found !== undefined) return found;
    }
    if (over !== undefined) throw new Error(`the run ended before ${what}:\n${over}`);
    return undefined;
  });
}

const namespaceOf = async (started: Started) =>
  untilLine(started, 'a lease', (line) => (line.type === 'lease-acquired' ? `proofgrid-${line.lease}` : undefined));
const inStep = async (started: Started, step: string) =>
  untilLine(started, `step ${step}`, (line) => (line.type === 'case-started' && line.phase === 'deploy' && line.name === step ? true : undefined));
const said = async (started: Started, text: string) =>
  untilLine(started, text, (line) => (line.type === 'progress' && line.message.includes(text) ? true : undefined));

/** Another pipeline's lease, of a machine that takes half of the room. */
async function anotherPipeline(site: string): Promise<{ lease: Lease; provider: KubevirtProvider; namespace: string }> {
  const provider = createKubevirtProvider({ kubeconfig: cluster.plane.kubeconfig, site: await readSite(site) });
  const lease = await provider.acquire(
    {
      ...{ cell: 'another-pipeline', owner: processOwner('another-pipeline'), timeToLive: 3_600_000, image: 'unused', os: 'debian-12', seeds: [] },
      machines: [{ name: 'm1', cpus: 1, memory: 2.75 * GIBIBYTE, roles: ['worker'] }],
      virtualAddress: false,
      directory: await mkdtemp(path.join(secrets, 'another-')),
    },
    { signal: new AbortController().signal, report: () => undefined },
  );
  return { lease, provider, namespace: `proofgrid-${lease.id}` };
}

test('a run waits while another pipeline has the capacity, and passes although the API server is restarted in the middle', async () => {
  const site = await cluster.site('full', ROOM_FOR_ONE);
  const { lease, provider, namespace } = await anotherPipeline(site);
  const before = await cluster.namespaces();
  const started = await startRun('queued', site);
  await said(started, 'waits for capacity behind 1 leases');
  const waiting = [...(await cluster.namespaces()).keys()].filter((name) => !before.has(name));
  expect(waiting).toHaveLength(1);
  expect(await cluster.admin.list(objectPath('VirtualMachine', waiting[0] ?? '')), 'no half of it').toEqual([]);
  expect(await provider.examine?.(lease), 'the other pipeline goes on').toEqual([]);
  expect((await cluster.namespaces()).get(namespace)).toBe(before.get(namespace));
  await provider.release(lease);
  await provider.close();

  await inStep(started, 'pre-install');
  await cluster.plane.stopApiServer();
  await inStep(started, 'etcd');
  await cluster.plane.startApiServer();
  const { exitCode, all } = await started.run;
  expect(exitCode, `${all}\n${cluster.double.problems.slice(-5).join('\n')}`).toBe(0);
  expect([...(await cluster.namespaces()).keys()]).toEqual(['somebody-else']);
});

/** Text of every file of that name among the evidence. */
async function evidence({ directory }: Started, name: string): Promise<string> {
  const files = readJournal(path.join(directory, 'journal.jsonl')).lines.flatMap((line) => (line.type === 'evidence' && line.path.endsWith(`/${name}`) ? [line.path] : []));
  expect(files, name).not.toEqual([]);
  return (await Promise.all(files.map(async (file) => readFile(path.join(directory, file), 'utf8')))).join('');
}

async function deployOf({ directory }: Started): Promise<{ verdict: string; message: string }[]> {
  const { lines } = readJournal(path.join(directory, 'journal.jsonl'));
  return lines.flatMap((line) => (line.type === 'case-finished' && line.phase === 'deploy' && line.verdict !== 'passed' && line.verdict !== 'skipped' ? [{ verdict: line.verdict, message: line.message ?? '' }] : []));
}

test('machines that die, machines that are deleted and a runner that is killed, in the middle of a deploy: each ends as it should, beside each other', async () => {
  const site = await cluster.site('roomy', { capacity: { cpus: 64, memory: '64Gi' } });
  const { lease, provider, namespace } = await anotherPipeline(site);
  const [dying, deleted, killed] = await Promise.all(['dying', 'deleted', 'killed'].map(async (name) => startRun(name, site)));
  if (dying === undefined || deleted === undefined || killed === undefined) return expect.unreachable();
  const before = await cluster.namespaces();
  await Promise.all([
    inStep(dying, 'pre-install').then(async () => cluster.double.die(await namespaceOf(dying), 'node-1')),
    inStep(deleted, 'pre-install').then(async () => cluster.admin.delete(objectPath('VirtualMachine', await namespaceOf(deleted), 'node-1'))),
    inStep(killed, 'pre-install').then(() => killed.run.kill('SIGKILL')),
  ]);

  await killed.run;
  const orphan = await namespaceOf(killed);
  const report = await cluster.proofgrid(['report', killed.directory]);
  expect(report.exitCode, 'a killed run has not passed').not.toBe(0);
  junitShape(await readFile(path.join(killed.directory, 'junit.xml'), 'utf8'));
  expect([...(await cluster.namespaces()).keys()]).toContain(orphan);
  const reap = await cluster.proofgrid(['reap', '--provider', 'kubevirt', '--site', site]);
  expect(reap.exitCode, reap.all).toBe(0);
  // the others may be about the removal of theirs already
  const removed = reap.all.split('\n').filter((line) => line.startsWith('removed lease') && !line.endsWith('incomplete'));
  expect(removed, 'the killed run\'s lease alone').toEqual([expect.stringMatching(`^removed lease ${orphan.replace('proofgrid-', '')} .*: orphaned`)]);
  expect([...(await cluster.namespaces()).keys()]).not.toContain(orphan);

  const lost = [[dying, /node-1 \(Failed\)/, /Stopped: The VirtualMachineInstance crashed/], [deleted, /its VirtualMachineInstance is gone/, /== VirtualMachine node-1: not there/]] as const;
  for (const [started, message, told] of lost) {
    const { exitCode, all } = await started.run;
    expect(exitCode, all).toBe(3);
    expect(await deployOf(started)).toEqual([{ verdict: 'errored', message: expect.stringMatching(message) as string }]);
    const console = await evidence(started, 'console.log');
    expect(console).toMatch(told);
    expect(console).toContain('== Events');
    expect(console).toContain('== Console');
  }
  const after = await cluster.namespaces();
  expect([...after.keys()].toSorted()).toEqual([namespace, 'somebody-else'].toSorted());
  for (const [name, uid] of after) expect(uid, 'untouched').toBe(before.get(name));
  expect(await provider.examine?.(lease), 'the other pipeline never noticed').toEqual([]);
  await provider.release(lease);
  await provider.close();
});
