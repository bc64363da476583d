import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
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
  // The sleep that took the parent's place never collects it.
  const parent = spawn('/bin/sh', ['-c', 'sh -c "echo \\$\\$; exec sleep 600" & exec sleep 600'], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void parent.kill('SIGKILL'));
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString().trim());
  const fields = () => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
  const zombie = { ...owner, pid, startTime: fields()[19] ?? '' };
  expect(ownerState(zombie, pidNamespace())).toBe('alive');
  process.kill(pid, 'SIGKILL');
  await expect.poll(() => fields()[0], { timeout: 60_000 }).toBe('Z');
  expect(ownerState(zombie, pidNamespace())).toBe('dead');
});
