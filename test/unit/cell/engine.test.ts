import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { CellRun } from '../../../harness/cell/cell-run.ts';
import { runCells } from '../../../harness/cell/engine.ts';
import type { JournalEvent, Verdict } from '../../../harness/journal/event.ts';
import type { Cell } from '../../../harness/matrix/cell.ts';

interface Options {
  readonly jobs?: number;
  readonly failFast?: boolean;
  readonly verdicts?: Readonly<Record<string, Verdict>>;
  readonly interruptIn?: string;
}

async function run(slugs: readonly string[], { jobs, failFast, verdicts = {}, interruptIn }: Options) {
  const events: JournalEvent[] = [];
  const started: string[] = [];
  const controller = new AbortController();
  let [now, most] = [0, 0];
  const verdict = await runCells({
    cells: slugs.map((slug) => ({ slug }) as Cell),
    admission: { admit: async (_cell, signal) => { signal.throwIfAborted(); return () => undefined; } },
    signal: controller.signal,
    jobs,
    failFast,
    cellRun: (cell) => ({ cell, journal: { write: (event: JournalEvent) => events.push(event) } }) as unknown as CellRun,
    async runOne({ cell }) {
      started.push(cell.slug);
      most = Math.max(most, (now += 1));
      await sleep(5);
      now -= 1;
      if (cell.slug === interruptIn) controller.abort();
      return verdicts[cell.slug] ?? 'passed';
    },
  });
  return { verdict, started, most, events };
}

const CELLS = ['a', 'b', 'c', 'd', 'e'];

test('all that the capacity admits run at once, or as many as there are jobs', async () => {
  expect(await run(CELLS, {})).toMatchObject({ verdict: 'passed', most: 5 });
  expect(await run(CELLS, { jobs: 2 })).toMatchObject({ verdict: 'passed', most: 2, started: CELLS });
});

test('--fail-fast starts no further cell, and says why; the failure is the verdict', async () => {
  const { verdict, started, events } = await run(CELLS, { jobs: 1, failFast: true, verdicts: { b: 'failed' } });
  expect({ verdict, started }).toEqual({ verdict: 'failed', started: ['a', 'b'] });
  expect(events).toEqual(['c', 'd', 'e'].map((cell) => ({ type: 'cell-finished', cell, verdict: 'skipped', durationMs: 0, reason: 'not started: b failed (--fail-fast)' })));
});

test('without it the others run, and a skipped cell is no failure', async () => {
  expect(await run(CELLS, { jobs: 1, verdicts: { a: 'errored' } })).toMatchObject({ verdict: 'errored', started: CELLS });
  expect(await run(CELLS, { jobs: 1, failFast: true, verdicts: { a: 'skipped' } })).toMatchObject({ started: CELLS });
});

test('an interruption is one, with and without --fail-fast', async () => {
  const { verdict, events } = await run(['a', 'b'], { jobs: 1, failFast: true, verdicts: { a: 'aborted' }, interruptIn: 'a' });
  expect(verdict).toBe('aborted');
  expect(events).toMatchObject([{ cell: 'b', verdict: 'aborted', reason: 'interrupted while it waited for capacity' }]);
});
