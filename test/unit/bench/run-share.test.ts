import { expect, test } from 'vitest';
import { shareOf } from '../../../bench/run-share.ts';
import type { JournalLine } from '../../../harness/journal/event.ts';

const at = (ms: number) => new Date(ms).toISOString();
const finished = (suite: string, name: string, from: number, to: number): JournalLine => ({
  ...{ v: 1, seq: 1, at: at(to), type: 'case-finished', cell: 'c', suite, phase: 'p', name, classname: 'p', verdict: 'passed' },
  durationMs: to - from,
});
const phase = (suite: string, from: number, to: number): JournalLine => ({
  ...{ v: 1, seq: 1, at: at(to), type: 'phase-finished', cell: 'c', suite, phase: 'p', verdict: 'passed' },
  durationMs: to - from,
});

test('parts and what is left add up to the whole', () => {
  const lines = [finished('cell', 'artifacts', 0, 100), finished('cell', 'machines', 100, 1100), finished('lifecycle', 'etcd', 1200, 1300), phase('lifecycle', 1100, 9100), finished('e2e', 'exec', 9200, 9700)];
  expect(shareOf(lines, 11_000)).toEqual({ total: 11_000, machines: 1000, ansible: 8000, kubernetes: 500, evidence: 0, proofgrid: 1500 });
});

test('checks side by side, and machines that start while Ansible runs, count once', () => {
  const lines = [phase('lifecycle', 0, 5000), finished('cell', 'machines', 4000, 6000), finished('e2e', 'exec', 6000, 8000), finished('e2e', 'logs', 6500, 7000), finished('e2e', 'dns', 7500, 9000), finished('cell', 'evidence', 9000, 9500)];
  expect(shareOf(lines, 10_000)).toEqual({ total: 10_000, machines: 1000, ansible: 5000, kubernetes: 3000, evidence: 500, proofgrid: 500 });
});

test('a run that did nothing else is all our own', () => {
  expect(shareOf([finished('lint', 'eslint', 0, 900)], 1000)).toMatchObject({ proofgrid: 1000 });
});
