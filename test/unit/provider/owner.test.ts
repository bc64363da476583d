import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { ownerState, pidNamespace, processOwner } from '../../../harness/provider/owner.ts';

const owner = processOwner('r1');

test('this process is alive', () => {
  expect(ownerState(owner, pidNamespace())).toBe('alive');
});

test('a later process with the same number is another one', () => {
  expect(ownerState({ ...owner, startTime: '1' }, pidNamespace())).toBe('dead');
});

test('nobody survives a reboot', () => {
  expect(ownerState({ ...owner, bootId: 'another' }, pidNamespace())).toBe('dead');
});

test('a number of another pid namespace says nothing', () => {
  expect(ownerState(owner, 'pid:[1]')).toBe('unknown');
});

test('a process that has ended is dead, even while its parent has not collected it', async () => {
  // The inner shell ends at once, and the sleep that took its parent's place never collects it.
  const parent = spawn('/bin/sh', ['-c', 'sh -c "echo \\$\\$; exec sleep 3" & exec sleep 30'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString().trim());
  const { readFileSync } = await import('node:fs');
  const fields = () => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
  const zombie = { ...owner, pid, startTime: fields()[19] ?? '' };
  expect(ownerState(zombie, pidNamespace())).toBe('alive');
  await expect.poll(() => fields()[0], { timeout: 15_000 }).toBe('Z');
  expect(ownerState(zombie, pidNamespace())).toBe('dead');
  parent.kill('SIGKILL');
});
