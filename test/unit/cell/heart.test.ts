import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startHeart } from '../../../harness/cell/heart.ts';
import type { CellRun } from '../../../harness/cell/cell-run.ts';
import type { JournalEvent } from '../../../harness/journal/event.ts';
import type { Lease } from '../../../harness/provider/contract.ts';

type Parts = Parameters<typeof startHeart>[0];

/** A provider whose renewals end when the test says so, and a journal that fails once it is closed. */
function parts(heartbeat: () => Promise<void>) {
  const written: JournalEvent[] = [];
  const journal = { open: true, write: (event: JournalEvent) => (journal.open ? void written.push(event) : expect.unreachable('the journal is closed')) };
  const run = { provider: { heartbeat }, journal, cell: { slug: 'a' } } as unknown as Pick<CellRun, keyof Parts>;
  return { run, journal, written };
}

const LEASE = {} as Lease;
const TIMES = { interval: 5, stop: 500 };

test('a renewal that fails is journalled, and the next one is tried', async () => {
  let beats = 0;
  const { run, written } = parts(() => ((beats += 1), Promise.reject(new Error('no answer'))));
  const heart = startHeart(run, LEASE, TIMES);
  await expect.poll(() => beats).toBeGreaterThan(2);
  await heart.stop();
  expect(written[0]).toEqual({ type: 'progress', cell: 'a', message: expect.stringMatching(/^heartbeat failed: .*no answer/) as string });
});

test('a stop waits for the renewal under way, and there is none after it', async () => {
  const done: string[] = [];
  let begun = false;
  const { run } = parts(async () => {
    begun = true;
    await delay(50);
    done.push('renewed');
  });
  const heart = startHeart(run, LEASE, TIMES);
  await expect.poll(() => begun).toBe(true);
  await heart.stop();
  done.push('stopped');
  await delay(100);
  expect(done).toEqual(['renewed', 'stopped']);
});

test('a renewal that hangs past the stop is not journalled when it fails at last', async () => {
  let fail: (error: Error) => void = () => undefined;
  const { run, written } = parts(() => new Promise((_, reject) => (fail = reject)));
  const heart = startHeart(run, LEASE, TIMES);
  await delay(20);
  await heart.stop();
  fail(new Error('connect ECONNREFUSED'));
  await new Promise((resolve) => setImmediate(resolve));
  expect(written).toEqual([]);
});

test('a journal that cannot be written does not end the renewals', async () => {
  let beats = 0;
  const { run, journal } = parts(() => ((beats += 1), Promise.reject(new Error('no answer'))));
  journal.open = false;
  const heart = startHeart(run, LEASE, TIMES);
  await expect.poll(() => beats).toBeGreaterThan(2);
  await heart.stop();
});
