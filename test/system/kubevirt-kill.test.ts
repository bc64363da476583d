import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JournalLine } from '../../harness/journal/event.ts';
import { readJournal } from '../../harness/journal/read.ts';
import { waitFor } from '../../harness/provider/wait.ts';
import { guestsOf, neighbours, type Neighbours } from '../integration/kubevirt/neighbours.ts';
import { randomOf } from '../random.ts';
import { junitShape } from '../unit/report/junit-shape.ts';
import { startManagementCluster, type ManagementCluster } from './management-cluster.ts';
import { newDirectory } from './proofgrid.ts';

/** Milliseconds: nothing is proved by it, a hang ends. */
const LIMIT = { timeout: 300_000, interval: 200 };
const SEED = Number(process.env['PROOFGRID_SEED'] ?? 20261123);

const HELD = 'held';
const FINALIZER = 'somebody.example.com/holds-it';

/** When a whole run is killed: some milliseconds after its journal has so many lines; in the release, after that has begun. */
interface Moment {
  readonly part: 'acquisition' | 'deploy or suites' | 'release';
  readonly lines: number;
  readonly after: number;
}

/** Of a journal's 184 lines: by this one machines are asked for, and they are there five lines later. */
const ASKED = 12;
const DEPLOY = 20;
/** From here on a whole second deploy is still to come, so that no run ends before it is killed. */
const SECOND_DEPLOY = 150;

/** Runs that are killed: in `npm run test:full` three times as many. */
const COUNT = process.env['PROOFGRID_KILL_MOMENTS'] === undefined ? { acquisition: 2, work: 4, release: 1 } : { acquisition: 6, work: 11, release: 3 };
const RUNS = Object.values(COUNT).reduce((sum, count) => sum + count, 0);

/** Random within equal parts, so that every part of a run's life has its moments on slow and fast machines alike. */
function moments(seed: number): Moment[] {
  const random = randomOf(seed);
  const part = (index: number, count: number, from: number, to: number) => Math.floor(from + ((index + random()) / count) * (to - from));
  return [
    ...Array.from({ length: COUNT.acquisition }, (_, index) => ({ part: 'acquisition' as const, lines: ASKED, after: part(index, COUNT.acquisition, 0, 4000) })),
    ...Array.from({ length: COUNT.work }, (_, index) => ({ part: 'deploy or suites' as const, lines: part(index, COUNT.work, DEPLOY, SECOND_DEPLOY), after: part(0, 1, 0, 500) })),
    ...Array.from({ length: COUNT.release }, (_, index) => ({ part: 'release' as const, lines: SECOND_DEPLOY, after: part(index, COUNT.release, 0, 6000) })),
  ];
}

let cluster: ManagementCluster;
let others: Neighbours;
let site: string;

beforeAll(async () => {
  cluster = await startManagementCluster('all-in-one');
  others = await neighbours(cluster.admin);
  // the neighbours' first lease is of this very site
  site = await cluster.site('test', { capacity: { cpus: 64, memory: '64Gi' } });
});
afterAll(async () => {
  await cluster?.stop();
});

const linesOf = (directory: string): readonly JournalLine[] => {
  const file = path.join(directory, 'journal.jsonl');
  return existsSync(file) ? readJournal(file).lines : [];
};

/** The namespace that the run with this directory has made, also when its journal does not know of it yet. */
async function namespacesOf(directory: string): Promise<string[]> {
  const run = linesOf(directory).find((line) => line.type === 'run-started')?.run ?? 'none';
  const found = await cluster.admin.list(`/api/v1/namespaces?labelSelector=proofgrid.dev/run=${run}`);
  return found.map(({ metadata }) => metadata.name ?? '');
}

/** Command lines of processes that work for the run with this directory. */
async function processesOf(directory: string): Promise<string[]> {
  const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const words = await Promise.all(all.map(async (pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return words.filter((line) => line.includes(directory));
}

describe('whole runs on KubeVirt, several at a time, each killed with SIGKILL', () => {
  const orphans: string[] = [];

  test.concurrent.for(moments(SEED).map((moment, index) => ({ ...moment, index })))(`$index: in the part $part, after $lines lines and $after ms (seed ${SEED})`, async (moment, { expect }) => {
    const directory = await newDirectory(`killed-${moment.index}`);
    const run = cluster.proofgrid(['run', 'all-in-one', '--provider', 'kubevirt', '--site', site, '--run-dir', directory]);
    const ended = Promise.resolve(run).then(({ all }) => all);
    const reached = (moment.part === 'release' ? release(directory) : journalled(directory, moment.lines)).then(async () => delay(moment.after, undefined));
    expect(await Promise.race([ended, reached]), 'the run ended by itself').toBeUndefined();
    run.kill('SIGKILL');
    await run;
    const namespaces = await namespacesOf(directory);
    orphans.push(...namespaces);
    if (moment.part === 'release') await unhold(namespaces);
    await expect.poll(async () => processesOf(directory), LIMIT).toEqual([]);

    const report = await cluster.proofgrid(['report', directory]);
    expect(report.exitCode, `a killed run was aborted:\n${report.all}`).toBe(130);
    const junit = await readFile(path.join(directory, 'junit.xml'), 'utf8');
    junitShape(junit);
    expect(junit, 'and says so').toMatch(/<error\b/);

    // beside the other runs, which go on to their own moments
    const reap = await cluster.proofgrid(['reap', '--provider', 'kubevirt', '--site', site]);
    expect(reap.exitCode, reap.all).toBe(0);
    await expect.poll(async () => namespacesOf(directory), LIMIT).toEqual([]);
    await expect.poll(async () => guestsOf(namespaces), LIMIT).toEqual([]);
  });

  test('left namespaces to reap at most of these moments; in the end there are only the neighbours, who never noticed', async () => {
    expect(orphans.length, 'or the tests above say nothing').toBeGreaterThan(RUNS * 0.5);
    const reap = await cluster.proofgrid(['reap', '--provider', 'kubevirt', '--site', site]);
    expect(reap.exitCode, reap.all).toBe(0);
    await others.alone();
    await others.untouched();
  });
});

/** Resolves when the run's journal has so many lines. */
async function journalled(directory: string, lines: number): Promise<void> {
  await waitFor({ name: `${lines} lines in the journal`, limitMs: 600_000, intervalMs: 20 }, async () => (linesOf(directory).length >= lines ? true : undefined));
}

/**
 * Resolves when the run has begun to remove its machines. Something holds the namespace from before, as a slow controller
 * would, so that the run is still about it however late it is killed.
 */
async function release(directory: string): Promise<void> {
  await journalled(directory, DEPLOY);
  const [namespace = ''] = await namespacesOf(directory);
  await cluster.admin.create(`/api/v1/namespaces/${namespace}/configmaps`, { metadata: { name: HELD, finalizers: [FINALIZER] } });
  const begun = (line: JournalLine) => line.type === 'case-started' && line.phase === 'conclude' && line.name === 'machines';
  await waitFor({ name: 'the release of the machines', limitMs: 600_000, intervalMs: 20 }, async () => (linesOf(directory).some(begun) ? true : undefined));
}

async function unhold(namespaces: readonly string[]): Promise<void> {
  for (const namespace of namespaces) await cluster.admin.merge(`/api/v1/namespaces/${namespace}/configmaps/${HELD}`, { metadata: { finalizers: null } });
}
