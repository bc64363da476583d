import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ownDirectory } from '../../../harness/machine/ssh-master.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'proofgrid-ssh-test-'));
afterAll(() => rmSync(directory, { recursive: true }));

test('a directory of ours is made once, and used again', () => {
  const wanted = path.join(directory, 'ours');
  expect(ownDirectory(wanted)).toBe(wanted);
  expect(statSync(wanted).mode & 0o777).toBe(0o700);
  expect(ownDirectory(wanted)).toBe(wanted);
});

test.each<[string, (file: string) => void]>([
  ['open to others', (file) => { mkdirSync(file); chmodSync(file, 0o755); }],
  ['a link to where somebody else waits', (file) => symlinkSync(directory, file)],
  ['a file', (file) => writeFileSync(file, '')],
])('what is %s is left alone: sockets go where nobody else can be', (name, make) => {
  const wanted = path.join(directory, name);
  make(wanted);
  const own = ownDirectory(wanted);
  expect(own.startsWith(`${wanted}-`)).toBe(true);
  expect(statSync(own).mode & 0o777).toBe(0o700);
  expect(readdirSync(own)).toEqual([]);
});
