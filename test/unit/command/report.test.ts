import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { reportCommand } from '../../../harness/command/report.ts';
import type { JournalEvent } from '../../../harness/journal/event.ts';
import { FAILED_RUN, PASSED_RUN, journalBytes, temporaryJournal } from '../journal/sample.ts';

let output = '';

beforeEach(() => {
  output = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    output += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

async function report(content: Buffer, ...more: string[]): Promise<{ directory: string; exitCode: typeof process.exitCode }> {
  const file = temporaryJournal();
  writeFileSync(file, content);
  const directory = path.dirname(file);
  await reportCommand().exitOverride().parseAsync([directory, ...more.map((word) => word.replace('DIR', directory))], { from: 'user' });
  const { exitCode } = process;
  process.exitCode = undefined;
  return { directory, exitCode };
}

const bytes = journalBytes(PASSED_RUN);
const leaked = PASSED_RUN.filter(({ type }) => type !== 'lease-released');
const timedOut = FAILED_RUN.map((event): JournalEvent => ('verdict' in event && event.verdict === 'failed' ? { ...event, verdict: 'timed-out', ...(event.type === 'run-finished' ? { exitCode: 4 } : {}) } : event));

test.each([
  ['passed', bytes, 0],
  ['failed', journalBytes(FAILED_RUN), 1],
  ['errored', Buffer.alloc(0), 3],
  ['timed-out', journalBytes(timedOut), 4],
  ['leaked', journalBytes(leaked), 5],
  ['aborted', bytes.subarray(0, -2), 130],
])('a run that is %s exits as DESIGN.md says', async (verdict, content, code) => {
  const { directory, exitCode } = await report(content);
  expect(exitCode).toBe(code);
  expect(output).toMatch(new RegExp(`^${verdict}: `));
  expect(output).toContain(`JUnit   ${directory}/junit.xml\nreport  ${directory}/report.html\n`);
});

test('files go where they are asked to', async () => {
  const { directory } = await report(bytes, '--junit', 'DIR/a/j.xml', '--html', 'DIR/b/r.html');
  expect([existsSync(`${directory}/a/j.xml`), existsSync(`${directory}/b/r.html`), existsSync(`${directory}/junit.xml`)]).toEqual([true, true, false]);
});

test('help shows an example', () => {
  let help = '';
  reportCommand().configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  expect(help).toContain('$ proofgrid report');
});
