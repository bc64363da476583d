import { expect, test } from 'vitest';
import { Pace } from '../../../../harness/artifact/cache/pace.ts';

const MINUTE = 60_000;

function paced(estimateMs: number) {
  let now = 0;
  const pace = new Pace(estimateMs, () => now);
  return { pace, advance: (milliseconds: number) => (now += milliseconds) };
}

test('without a share the estimate stands until it is over, and then is not repeated as if it held', () => {
  const { pace, advance } = paced(6 * MINUTE);
  pace.step('compiling');
  advance(2 * MINUTE);
  expect(pace.describe()).toBe('2:00 of about 6:00 (compiling)');
  advance(5 * MINUTE);
  expect(pace.describe()).toBe('7:00, longer than the usual 6:00 (compiling)');
});

test('from a quarter of the work on, the work itself says how long it takes', () => {
  const { pace, advance } = paced(6 * MINUTE);
  advance(MINUTE);
  pace.step('compiling', 0);
  advance(5 * MINUTE);
  pace.step('compiling', 0.25);
  expect(pace.describe()).toBe('6:00 of about 21:00 (compiling)');
  advance(5 * MINUTE);
  pace.step('compiling', 0.5);
  expect(pace.describe()).toBe('11:00 of about 21:00 (compiling)');
});

test('a small share moves the estimate and does not replace it', () => {
  const { pace, advance } = paced(10 * MINUTE);
  pace.step('compiling', 0);
  advance(MINUTE);
  pace.step('compiling', 0.05);
  expect(pace.describe()).toBe('1:00 of about 12:00 (compiling)');
});

test('waiting for another build is not work', async () => {
  const { pace, advance } = paced(6 * MINUTE);
  advance(MINUTE);
  let done = (): void => undefined;
  const waited = pace.waiting('waiting for another compilation', new Promise<void>((resolve) => (done = resolve)));
  advance(10 * MINUTE);
  expect(pace.describe()).toBe('1:00 of about 6:00 (waiting for another compilation)');
  done();
  await waited;
  advance(MINUTE);
  expect(pace.workedMs).toBe(2 * MINUTE);
});
