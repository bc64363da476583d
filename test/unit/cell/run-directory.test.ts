import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeRunDirectory } from '../../../harness/cell/run-directory.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'proofgrid-run-'));
afterAll(() => rmSync(directory, { recursive: true }));

test.each(['feature%2Fx', '$HOME', 'with blank', 'ümläut', 'quote"s'])('%s may hold a run', async (name) => {
  expect((await makeRunDirectory(path.join(directory, name), 'r')).root).toBe(path.join(directory, name));
});

test('what ssh takes for a variable is refused, and nothing is made', async () => {
  const root = path.join(directory, '${HOME}');
  await expect(makeRunDirectory(root, 'r')).rejects.toMatchObject({ code: 'RUN_DIRECTORY_UNUSABLE', fault: 'usage', message: expect.stringContaining('has a ${ in its path') as string });
  expect(existsSync(root)).toBe(false);
});
