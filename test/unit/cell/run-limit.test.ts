import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { runLimit } from '../../../harness/cell/run-limit.ts';
import { verdictOf } from '../../../harness/cell/phase.ts';

test('a limit that is met aborts, says so, and gives exit code 4', async () => {
  const limit = runLimit(new AbortController().signal, 10);
  await sleep(50);
  expect(limit.signal.aborted).toBe(true);
  expect(verdictOf(limit.signal.reason)).toBe('aborted');
  expect(limit.reason()).toBe('the limit of the run, 0.0 s, is over');
  expect(['aborted', 'leaked', 'passed'].map((verdict) => limit.exitCode(verdict as 'aborted'))).toEqual([4, 5, 0]);
});

test('an interruption before it stays one', async () => {
  const controller = new AbortController();
  const limit = runLimit(controller.signal, 10);
  controller.abort();
  await sleep(50);
  expect({ reason: limit.reason(), code: limit.exitCode('aborted') }).toEqual({ reason: undefined, code: 130 });
});

test('without a limit, or once it is over, nothing aborts', async () => {
  const ended = runLimit(new AbortController().signal, 10);
  ended.end();
  await sleep(50);
  expect([ended, runLimit(new AbortController().signal, undefined)].map(({ signal }) => signal.aborted)).toEqual([false, false]);
});
