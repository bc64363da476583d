import { setTimeout as delay } from 'node:timers/promises';
import path from 'node:path';
import { readFile } from 'node:fs/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { waitFor } from '../../harness/provider/wait.ts';
import { randomOf } from '../random.ts';
import { leasedResources, newDirectory, proofgrid } from './proofgrid.ts';

/** Lines of a journal that are long written when a run ends (it has 190): moments are drawn from them, not from a clock, so that a faster or slower machine changes nothing. */
const LINES = 150;
/** Milliseconds after the line: some moments lie inside of what takes long. Far less than what follows the last line. */
const AFTER = 1500;
/** More of them in `npm run test:full`. */
const MOMENTS = Number(process.env['PROOFGRID_KILL_MOMENTS'] ?? 4);

async function junitOf(directory: string): Promise<string> {
  const report = await proofgrid(['report', directory]);
  expect(report.exitCode, report.all).not.toBe(0);
  return readFile(path.join(directory, 'junit.xml'), 'utf8');
}

describe('a run that is killed', () => {
  const seed = Number(process.env['PROOFGRID_SEED'] ?? 20261123);
  const random = randomOf(seed);
  let orphans = 0;
  afterAll(async () => {
    await proofgrid(['reap']);
  });

  test.for(Array.from({ length: MOMENTS }, (_, index) => [Math.floor(((index + random()) / MOMENTS) * LINES), Math.round(random() * AFTER)] as const))(
    'with SIGKILL after %i lines of its journal and %i ms gives a valid report that never says passed, and is reaped whole',
    async ([lines, after]) => {
      const directory = await newDirectory('killed');
      const run = proofgrid(['run', 'all-in-one', '--run-dir', directory]);
      const ended = await Promise.race([run.then(() => true), journalled(directory, lines).then(() => delay(after, false))]);
      expect(ended, 'the run ended by itself').toBe(false);
      run.kill('SIGKILL');
      await run;
      orphans += (await leasedResources(directory)).length;
      const xml = await junitOf(directory).catch((error: unknown) => noJournalYet(directory, error));
      if (xml !== undefined) expect(xml).toMatch(/<(error|failure)\b/);
      const reap = await proofgrid(['reap']);
      expect(reap.exitCode, reap.all).toBe(0);
      expect(await leasedResources(directory)).toEqual([]);
    },
  );

  test('has left machines to reap at some of these moments, or the tests above say nothing', () => {
    expect(orphans).toBeGreaterThan(0);
  });

  test.for([12, 70, 140])('with SIGINT after %i lines of its journal removes its machines within 30 s and exits with 130', async (lines) => {
    const directory = await newDirectory('interrupted');
    const run = proofgrid(['run', 'all-in-one', '--run-dir', directory]);
    await journalled(directory, lines);
    const asked = performance.now();
    run.kill('SIGINT');
    const { exitCode, all } = await run;
    expect(exitCode, all).toBe(130);
    expect(performance.now() - asked).toBeLessThan(30_000);
    expect(await leasedResources(directory)).toEqual([]);
    expect(await readFile(path.join(directory, 'junit.xml'), 'utf8')).toMatch(/<(error|failure)\b/);
  });
});

/** Resolves when the run's journal has so many lines. */
async function journalled(directory: string, lines: number): Promise<void> {
  await waitFor({ name: `${lines} lines in the journal`, limitMs: 600_000, intervalMs: 20 }, async () => ((await linesOf(directory)) >= lines ? true : undefined));
}

async function linesOf(directory: string): Promise<number> {
  const journal = await readFile(path.join(directory, 'journal.jsonl'), 'utf8').catch(() => '');
  return journal.split('\n').length - 1;
}

/** Killed before the journal exists there is nothing to report, and nothing was started. */
async function noJournalYet(directory: string, error: unknown): Promise<undefined> {
  if ((await linesOf(directory)) === 0) return undefined;
  throw error;
}
