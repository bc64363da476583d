import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { packageRoot } from '../../../lifecycle/root.ts';

/** The built command line under a shell, whose exit code is the program's own. */
function shell(script: string) {
  return execa('bash', ['-c', script, path.join(packageRoot, 'bin', 'proofgrid.js')], { reject: false, cwd: packageRoot });
}

test('a reader that leaves early is no error, and nothing is said about it', async () => {
  const { stdout, stderr } = await shell('"$0" plan --tier release --format json | head -1; exit ${PIPESTATUS[0]}');
  expect({ stdout, stderr }).toEqual({ stdout: '{', stderr: '' });
});

test('output that is lost is an infrastructure error, never a pass and never a stack trace', async () => {
  const { stderr, exitCode } = await shell('"$0" plan > /dev/full');
  expect(stderr).toBe('proofgrid: standard output cannot be written: ENOSPC: no space left on device, write [OUTPUT_NOT_WRITTEN]');
  expect(exitCode).toBe(3);
});

test.each(['/dev/null/run', '/proc/run'])('a run directory that cannot be made (%s) starts nothing', async (directory) => {
  const { stderr, exitCode } = await shell(`timeout -s KILL 60 "$0" run all-in-one --suite lint --run-dir ${directory}`);
  expect(stderr).toMatch(new RegExp(`^proofgrid: the run directory ${directory} cannot be made: E\\w+: .*; name another with --run-dir \\[RUN_DIRECTORY_UNUSABLE\\]$`));
  expect(exitCode).toBe(2);
});

test.each([['all-in-one'], ['--set', 'os=debian-13'], ['--tier', 'smoke'], ['--suite', 'lint'], ['--run-dir', 'elsewhere']])('--resume refuses %s %s', async (...wish) => {
  const { stderr, exitCode } = await shell(`"$0" run --resume /nowhere ${wish.join(' ')}`);
  expect(stderr).toContain('[RUN_OPTIONS_CONFLICT]');
  expect(exitCode).toBe(2);
});
