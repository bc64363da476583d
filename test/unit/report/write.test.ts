import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
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
  expect(attachment(), 'GitLab keeps nothing from outside of the project').toBeUndefined();
  vi.unstubAllEnvs();
  vi.stubEnv('CI_PROJECT_DIR', '');
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
  expect(() => writeReports(directory, { junit: directory })).toThrow(expect.objectContaining({ code: 'REPORT_NOT_WRITTEN', fault: 'usage' }) as Error);
});
