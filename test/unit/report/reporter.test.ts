import { expect, test } from 'vitest';
import { parseJournal } from '../../../harness/journal/read.ts';
import type { Estimates } from '../../../harness/report/estimate.ts';
import { reporterOf, type ReporterChoice } from '../../../harness/report/reporter.ts';
import { FAILED_RUN, journalBytes } from '../journal/sample.ts';

const NONE: Estimates = { of: () => undefined, learn: () => undefined, save: () => undefined };

function textOf(choice: ReporterChoice, isTTY = false): string {
  let text = '';
  const reporter = reporterOf(choice, { stream: { write: (part) => (text += part) }, isTTY, estimates: NONE });
  for (const line of parseJournal(journalBytes(FAILED_RUN)).lines) reporter.line(line);
  reporter.close();
  return text;
}

test('json is the journal line by line, and nothing else', () => {
  expect(Buffer.from(textOf({ type: 'json' }))).toEqual(journalBytes(FAILED_RUN));
});

test('quiet says what went wrong, and the summary, on a terminal too', () => {
  for (const isTTY of [false, true]) {
    const text = textOf({ type: 'console', verbosity: 'quiet' }, isTTY);
    expect(text).toContain('pod-to-pod failed after 0.3 s');
    expect(text).toContain('failed in 19.0 s');
    expect(text).not.toMatch(/started|phase|lifecycle\.deploy|etcd/);
    expect(text.split('\n').length).toBeLessThan(20);
  }
});

test('verbose says every case and every message of progress', () => {
  const text = textOf({ type: 'console', verbosity: 'verbose' }, true);
  for (const part of ['acquiring one machine', 'lifecycle.deploy etcd passed after 1.5 s', 'e2e.network dns skipped', 'pod-to-pod failed']) expect(text).toContain(part);
  expect(textOf({ type: 'console', verbosity: 'normal' })).not.toContain('etcd passed');
});
