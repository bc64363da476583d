import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runPython } from './python-module.ts';

const PROGRAM = `import os
os.umask(0o077)
module.make_directory(given)
print("null")`;

test('directories are open to everybody under any umask, and those that exist stay', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'open-directory-'));
  onTestFinished(() => rm(root, { recursive: true }));
  await runPython('module_utils/open_directory.py', PROGRAM, path.join(root, 'opt', 'kubernetes', '1.34.4'));
  const modes = await Promise.all(['', 'opt', 'opt/kubernetes', 'opt/kubernetes/1.34.4'].map(async (name) => ((await stat(path.join(root, name))).mode & 0o777).toString(8)));
  expect(modes).toEqual(['700', '755', '755', '755']);
});
