import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readText } from '../../../lifecycle/read-text.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'proofgrid-text-'));
afterAll(() => rmSync(directory, { recursive: true }));
const at = (name: string) => path.join(directory, name);

test('a file, a link to one and an inherited descriptor are read', async () => {
  writeFileSync(at('file'), 'kind: Matrix\n');
  symlinkSync('file', at('link'));
  const descriptor = openSync(at('file'), 'r');
  for (const name of [at('file'), at('link'), `/dev/fd/${descriptor}`]) expect(await readText(name)).toBe('kind: Matrix\n');
  closeSync(descriptor);
});

test('a pipe that nobody writes to, and a device without an end, are refused at once', async () => {
  execFileSync('mkfifo', [at('pipe')]);
  symlinkSync('pipe', at('link-to-pipe'));
  for (const name of [at('pipe'), at('link-to-pipe'), '/dev/zero']) await expect(readText(name)).rejects.toThrow('it is not a regular file');
});
