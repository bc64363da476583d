import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeDirectory, makeDirectorySync } from '../../../lifecycle/make-directory.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'proofgrid-make-'));
afterAll(() => rmSync(directory, { recursive: true }));

test.each([['async', makeDirectory], ['sync', makeDirectorySync]] as const)('%s: makes all that is missing, and minds nothing that is there', async (name, make) => {
  const deep = path.join(directory, name, 'a', 'b');
  await make(deep);
  await make(deep);
  expect(statSync(deep).isDirectory()).toBe(true);
});

test('the mode is the last one\'s', async () => {
  await makeDirectory(path.join(directory, 'open', 'private'), 0o700);
  expect(statSync(path.join(directory, 'open', 'private')).mode & 0o777).toBe(0o700);
  expect(statSync(path.join(directory, 'open')).mode & 0o077).not.toBe(0);
});

test.each(['/proc/run/a', path.join(directory, 'file', 'a')])('%s ends with an error, at once', async (impossible) => {
  writeFileSync(path.join(directory, 'file'), '');
  await expect(makeDirectory(impossible)).rejects.toThrow(/ENOENT|ENOTDIR|EEXIST/);
  expect(() => makeDirectorySync(impossible)).toThrow(/ENOENT|ENOTDIR|EEXIST/);
});
