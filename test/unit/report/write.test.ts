import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { writeReports } from '../../../harness/report/write.ts';
import { FAILED_RUN, PASSED_RUN, journalBytes, temporaryJournal } from '../journal/sample.ts';
import { junitShape } from './junit-shape.ts';

function runDirectory(content: Buffer): string {
  const file = temporaryJournal();
  writeFileSync(file, content);
  return path.dirname(file);
}

afterEach(() => vi.unstubAllEnvs());

test('both reports appear beside the journal, whole, and nothing else', () => {
  const directory = runDirectory(journalBytes(PASSED_RUN));
  const { record, junit, html } = writeReports(directory);
  expect(record.verdict).toBe('passed');
  expect(readdirSync(directory).sort()).toEqual(['journal.jsonl', 'junit.xml', 'report.html']);
  junitShape(readFileSync(junit, 'utf8'));
  expect(readFileSync(html, 'utf8')).toMatch(/<\/html>\n$/);
});

test('the same journal gives the same bytes again', () => {
  const directory = runDirectory(journalBytes(FAILED_RUN));
  const read = () => ['junit.xml', 'report.html'].map((name) => readFileSync(path.join(directory, name), 'utf8'));
  writeReports(directory);
  const first = read();
  writeReports(directory);
  expect(read()).toEqual(first);
});

test('an empty journal still gives reports, and no pass', () => {
  const directory = runDirectory(Buffer.alloc(0));
  expect(writeReports(directory).record).toMatchObject({ verdict: 'errored', exitCode: 3 });
  expect(junitShape(readFileSync(path.join(directory, 'junit.xml'), 'utf8')).attributes['errors']).toBe('1');
});

test('no journal at all is a usage error', () => {
  expect(() => writeReports('/nonexistent')).toThrow(expect.objectContaining({ code: 'JOURNAL_NOT_READABLE', fault: 'usage' }) as Error);
});

test('in a GitLab job, attachments are relative to the project', () => {
  const directory = runDirectory(journalBytes(FAILED_RUN));
  const attachment = () => /\[\[ATTACHMENT\|([^\]]+)\]\]\]\]>/.exec(readFileSync(path.join(directory, 'junit.xml'), 'utf8'))?.[1];
  const evidence = 'cells/debian-12-all-in-one/evidence/pod-to-pod.txt';
  vi.stubEnv('CI_PROJECT_DIR', path.dirname(directory));
  writeReports(directory);
  expect(attachment()).toBe(`${path.basename(directory)}/${evidence}`);
  vi.stubEnv('CI_PROJECT_DIR', '/somewhere/else');
  writeReports(directory);
  expect(attachment()).toBe(evidence);
});

test('a page that is written elsewhere finds the evidence', () => {
  const directory = runDirectory(journalBytes(FAILED_RUN));
  const elsewhere = path.join(directory, 'public', 'index.html');
  mkdirSync(path.dirname(elsewhere));
  writeReports(directory, { html: elsewhere });
  expect(readFileSync(elsewhere, 'utf8')).toContain('href="./../cells/debian-12-all-in-one/evidence/pod-to-pod.txt"');
});

test('a file that cannot be written is a usage error that names it', () => {
  const directory = runDirectory(journalBytes(PASSED_RUN));
  writeFileSync(path.join(directory, 'file'), '');
  expect(() => writeReports(directory, { junit: path.join(directory, 'file', 'junit.xml') })).toThrow(expect.objectContaining({ code: 'REPORT_NOT_WRITTEN', fault: 'usage' }) as Error);
});

const FOREIGN: readonly (readonly [string, (file: string) => void])[] = [
  ["another tool's report", (file) => writeFileSync(file, '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites/>\n')],
  ['a key', (file) => writeFileSync(file, 'secret')],
  ['a directory', (file) => mkdirSync(file)],
  ['a link to a device', (file) => symlinkSync('/dev/null', file)],
  ['a link to nothing', (file) => symlinkSync('/nonexistent', file)],
  ['a pipe', (file) => execFileSync('mkfifo', [file])],
];

test.each(['junit', 'html'] as const)('%s takes the place of nothing that is no report of ours', (kind) => {
  const directory = runDirectory(journalBytes(PASSED_RUN));
  const refused = expect.objectContaining({ code: 'REPORT_WOULD_REPLACE', fault: 'usage' }) as Error;
  for (const [name, make] of FOREIGN) {
    const file = path.join(directory, name);
    make(file);
    const before = lstatSync(file);
    expect(() => writeReports(directory, { [kind]: file }), name).toThrow(refused);
    const after = lstatSync(file);
    expect([after.ino, after.size, after.mode], name).toEqual([before.ino, before.size, before.mode]);
  }
  expect(existsSync(path.join(directory, 'junit.xml')), 'neither is written when one is refused').toBe(false);
});

test.each([['a journal', journalBytes(PASSED_RUN)], ['an empty journal', Buffer.alloc(0)]])('%s is never replaced', (_name, content) => {
  const directory = runDirectory(content);
  const journal = path.join(directory, 'journal.jsonl');
  expect(() => writeReports(directory, { junit: journal })).toThrow(expect.objectContaining({ code: 'REPORT_WOULD_REPLACE' }) as Error);
  expect(readFileSync(journal)).toEqual(content);
});

test('an empty file is replaced, as mktemp makes one', () => {
  const directory = runDirectory(journalBytes(PASSED_RUN));
  const file = path.join(directory, 'tmp.xml');
  writeFileSync(file, '');
  junitShape(readFileSync(writeReports(directory, { junit: file }).junit, 'utf8'));
});

test('both reports in one file are refused', () => {
  const directory = runDirectory(journalBytes(PASSED_RUN));
  const file = path.join(directory, 'both');
  expect(() => writeReports(directory, { junit: file, html: file })).toThrow(expect.objectContaining({ code: 'REPORTS_IN_ONE_FILE', fault: 'usage' }) as Error);
  expect(existsSync(file)).toBe(false);
});
