import { setTimeout as delay } from 'node:timers/promises';
import path from 'node:path';
import { readFile } from 'node:fs/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { leasedResources, newDirectory, proofgrid } from './proofgrid.ts';

/** Milliseconds, less than any whole run takes: moments are drawn from it. */
const RUN = 20_000;
const MOMENTS = 10;

/** Same seed, same moments: a failure can be repeated. mulberry32. */
function* random(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    yield ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

async function junitOf(directory: string): Promise<string> {
  const report = await proofgrid(['report', directory]);
  expect(report.exitCode, report.all).not.toBe(0);
  return readFile(path.join(directory, 'junit.xml'), 'utf8');
}

describe('a run that is killed', () => {
  const seed = Number(process.env['PROOFGRID_SEED'] ?? 20261123);
  const moments = random(seed);
  let orphans = 0;
  afterAll(async () => {
    await proofgrid(['reap']);
  });

  test.for(Array.from({ length: MOMENTS }, (_, index) => Math.round(((index + moments.next().value) / MOMENTS) * RUN)))(
    'with SIGKILL after %i ms gives a valid report that never says passed, and is reaped whole',
    async (moment) => {
      const directory = await newDirectory('killed');
      const run = proofgrid(['run', 'all-in-one', '--run-dir', directory]);
      const ended = await Promise.race([run.then(() => true), delay(moment, false)]);
      expect(ended, `the run ended by itself within ${moment} ms`).toBe(false);
      run.kill('SIGKILL');
      await run;
      orphans += (await leasedResources(directory)).length;
      const xml = await junitOf(directory).catch((error: unknown) => noJournalYet(moment, error));
      if (xml !== undefined) expect(xml).toMatch(/<(error|failure)\b/);
      const reap = await proofgrid(['reap']);
      expect(reap.exitCode, reap.all).toBe(0);
      expect(await leasedResources(directory)).toEqual([]);
    },
  );

  test('has left machines to reap at some of these moments, or the tests above say nothing', () => {
    expect(orphans).toBeGreaterThan(0);
  });

  test.for([2_000, 8_000, 16_000])('with SIGINT after %i ms removes its machines within 30 s and exits with 130', async (moment) => {
    const directory = await newDirectory('interrupted');
    const run = proofgrid(['run', 'all-in-one', '--run-dir', directory]);
    await delay(moment);
    const asked = performance.now();
    run.kill('SIGINT');
    const { exitCode, all } = await run;
    expect(exitCode, all).toBe(130);
    expect(performance.now() - asked).toBeLessThan(30_000);
    expect(await leasedResources(directory)).toEqual([]);
    expect(await readFile(path.join(directory, 'junit.xml'), 'utf8')).toMatch(/<(error|failure)\b/);
  });
});

/** Killed before the journal exists there is nothing to report, and nothing was started. */
function noJournalYet(moment: number, error: unknown): undefined {
  if (moment < 3_000) return undefined;
  throw error;
}
