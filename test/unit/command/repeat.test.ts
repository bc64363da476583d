import { expect, test } from 'vitest';
import { repeated } from '../../../harness/command/repeat.ts';

async function repeat(codes: readonly number[], options: { failFast?: boolean; interruptAfter?: number } = {}) {
  const controller = new AbortController();
  const said: string[] = [];
  const directories: string[] = [];
  const exitCode = await repeated({ times: codes.length, directory: '/runs/r', failFast: options.failFast === true, signal: controller.signal, say: (message) => said.push(message) }, async (directory) => {
    directories.push(directory);
    if (directories.length === options.interruptAfter) controller.abort();
    return codes[directories.length - 1] ?? 0;
  });
  return { exitCode, last: said.at(-1), directories };
}

test('each repetition has a directory of its own, and all that pass are a pass', async () => {
  expect(await repeat([0, 0])).toEqual({ exitCode: 0, last: '2 of 2 passed; their reports are below /runs/r', directories: ['/runs/r/1', '/runs/r/2'] });
});

test.each([
  [[0, 1, 0], 1],
  [[1, 3, 0], 1],
  [[3, 4], 4],
  [[1, 5, 4], 5],
])('of %j the worst counts', async (codes, exitCode) => {
  expect((await repeat(codes)).exitCode).toBe(exitCode);
});

test('--fail-fast ends after the first failure, and says what was not run', async () => {
  expect(await repeat([0, 1, 0, 0], { failFast: true })).toMatchObject({ exitCode: 1, last: '1 of 2 passed, 2 not run; their reports are below /runs/r' });
});

test('an interruption ends the repetitions, and is no pass', async () => {
  expect(await repeat([0, 0, 0], { interruptAfter: 1 })).toMatchObject({ exitCode: 130, directories: ['/runs/r/1'] });
});
