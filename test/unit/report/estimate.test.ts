import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { JournalEvent, JournalLine } from '../../../harness/journal/event.ts';
import { openEstimates } from '../../../harness/report/estimate.ts';
import { temporaryDirectory } from '../journal/sample.ts';

const phase = { cell: 'c', suite: 's', phase: 'p' } as const;

function file(): string {
  return path.join(temporaryDirectory(), 'cache', 'estimates.json');
}

function line(event: JournalEvent): JournalLine {
  return { v: 1, seq: 1, at: '2026-11-23T09:00:00.000Z', ...event };
}

function learn(where: string, ...events: JournalEvent[]): void {
  const estimates = openEstimates(where);
  for (const event of events) estimates.learn(line(event));
  estimates.save();
}

test('what passed is remembered for cell, phase and case', () => {
  const where = file();
  learn(
    where,
    { type: 'case-finished', ...phase, name: 'n', classname: 'x', verdict: 'passed', durationMs: 100 },
    { type: 'phase-finished', ...phase, verdict: 'passed', durationMs: 200 },
    { type: 'cell-finished', cell: 'c', verdict: 'passed', durationMs: 300 },
  );
  const estimates = openEstimates(where);
  expect([['c', 's', 'p', 'n'], ['c', 's', 'p'], ['c'], ['other']].map((key) => estimates.of(key))).toEqual([100, 200, 300, undefined]);
});

test('newer runs weigh more, and a failure teaches nothing', () => {
  const where = file();
  for (const durationMs of [100, 200]) learn(where, { type: 'cell-finished', cell: 'c', verdict: 'passed', durationMs });
  learn(where, { type: 'cell-finished', cell: 'c', verdict: 'failed', durationMs: 9999 });
  expect(openEstimates(where).of(['c'])).toBe(150);
});

test('two runs at once keep what both have learnt', () => {
  const where = file();
  const [one, other] = [openEstimates(where), openEstimates(where)];
  one.learn(line({ type: 'cell-finished', cell: 'one', verdict: 'passed', durationMs: 1 }));
  other.learn(line({ type: 'cell-finished', cell: 'other', verdict: 'passed', durationMs: 2 }));
  one.save();
  other.save();
  expect([openEstimates(where).of(['one']), openEstimates(where).of(['other'])]).toEqual([1, 2]);
  expect(readdirSync(path.dirname(where))).toEqual(['estimates.json']);
});

test.each(['', '{', 'null', '{"version":9,"milliseconds":{}}', '{"version":1,"milliseconds":{"a":"b"}}'])('a file that holds %j is no estimate, and is replaced', (content) => {
  const where = file();
  mkdirSync(path.dirname(where));
  writeFileSync(where, content);
  expect(openEstimates(where).of(['c'])).toBeUndefined();
  learn(where, { type: 'cell-finished', cell: 'c', verdict: 'passed', durationMs: 7 });
  expect(JSON.parse(readFileSync(where, 'utf8'))).toEqual({ version: 1, milliseconds: { '["c"]': 7 } });
});

test('a cache that cannot be written costs the estimate and nothing else', () => {
  const where = file();
  writeFileSync(path.dirname(where), 'a file where the directory should be');
  learn(where, { type: 'cell-finished', cell: 'c', verdict: 'passed', durationMs: 7 });
  expect(openEstimates(where).of(['c'])).toBeUndefined();
});

test('a cell that ran one suite says nothing about how long all of them take', () => {
  const where = file();
  const started = (...suites: string[]): JournalEvent => ({ type: 'run-started', run: 'r', version: '0', argv: [], provider: 'container', cells: [{ cell: 'c', axes: {}, suites }] });
  learn(where, started('lifecycle', 'e2e'), { type: 'cell-finished', cell: 'c', verdict: 'passed', durationMs: 900 });
  learn(where, started('lint'), { type: 'cell-finished', cell: 'c', verdict: 'passed', durationMs: 100 });
  const estimates = openEstimates(where);
  const of = (...suites: string[]) => {
    estimates.learn(line(started(...suites)));
    return estimates.of(['c']);
  };
  expect([of('lifecycle', 'e2e'), of('lint'), of('e2e')]).toEqual([900, 100, undefined]);
});
