import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { logsCommand } from '../../../harness/command/logs.ts';
import { CELL, FAILED_RUN, journalBytes, temporaryDirectory } from '../journal/sample.ts';

function runDirectory(): string {
  const directory = temporaryDirectory();
  writeFileSync(path.join(directory, 'journal.jsonl'), journalBytes(FAILED_RUN));
  const evidence = path.join(directory, 'cells', CELL, 'evidence');
  mkdirSync(path.join(evidence, 'm1'), { recursive: true });
  writeFileSync(path.join(evidence, 'm1', 'journal.log'), 'kubelet: \u001b[31mno route\u001b[0m\nend');
  return directory;
}

async function logs(...words: string[]): Promise<string> {
  let text = '';
  await logsCommand().configureOutput({ writeOut: (part) => (text += part) }).parseAsync(words, { from: 'user' });
  return text;
}

const LOG = `==> cells/${CELL}/evidence/m1/journal.log <==\nkubelet: no route\nend\n`;

test('without a name it lists machines, checks with a log, and files', async () => {
  expect(await logs(runDirectory())).toBe(`${CELL}\n  machines\n    m1\n  checks with a log\n    pod-to-pod\n  files\n    cells/${CELL}/evidence/m1/journal.log\n`);
});

test.each(['m1', `${CELL}/m1`, 'journal.log'])('%s gives the log, without control sequences', async (name) => {
  expect(await logs(runDirectory(), name)).toBe(LOG);
});

test('a check says what it expected and observed, and its log, also where that is a directory', async () => {
  const directory = runDirectory();
  const log = path.join(directory, 'cells', CELL, 'evidence', 'pod-to-pod.txt');
  expect(await logs(directory, 'pod-to-pod')).toMatch(/^debian-12-all-in-one e2e\.network pod-to-pod: failed\nthe answer came from the wrong pod\nexpected: pod-b\n[^]*==> .*pod-to-pod\.txt <==\n\(not readable: ENOENT/);
  mkdirSync(log);
  writeFileSync(path.join(log, 'one'), 'first');
  writeFileSync(path.join(log, 'two'), Buffer.from([1, 0, 2]));
  expect(await logs(directory, 'pod-to-pod')).toMatch(/one <==\nfirst\n\n==> .*two <==\n\(3 bytes that are no text\)\n$/);
});

test('of a long file the end is printed, and nothing outside the run directory', async () => {
  const directory = runDirectory();
  const log = path.join(directory, 'cells', CELL, 'evidence', 'pod-to-pod.txt');
  writeFileSync(log, `start${'x'.repeat(4 * 1024 * 1024)}end`);
  const text = await logs(directory, 'pod-to-pod');
  expect(text).toContain('(the first 8 bytes are left out)');
  expect(text).toMatch(/end\n$/);
  const other = runDirectory();
  symlinkSync('/etc/hostname', path.join(other, 'cells', CELL, 'evidence', 'pod-to-pod.txt'));
  expect(await logs(other, 'pod-to-pod')).not.toContain('==>');
});

test('what the run does not have, and what is no run, is bad usage', async () => {
  await expect(logs(runDirectory(), 'm2')).rejects.toMatchObject({ code: 'LOGS_NAME_UNKNOWN', fault: 'usage' });
  await expect(logs(temporaryDirectory())).rejects.toMatchObject({ code: 'NOT_A_RUN_DIRECTORY', fault: 'usage' });
});
