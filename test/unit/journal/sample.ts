import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { openJournal } from '../../../harness/journal/write.ts';
import type { JournalEvent } from '../../../harness/journal/event.ts';

export const CELL = 'debian-12-all-in-one';
const deploy = { cell: CELL, suite: 'lifecycle', phase: 'deploy' };
const network = { cell: CELL, suite: 'e2e', phase: 'network' };

const directories: string[] = [];
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** A directory that goes with the test file. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'proofgrid-journal-'));
  directories.push(directory);
  return directory;
}

export function temporaryJournal(): string {
  return path.join(temporaryDirectory(), 'journal.jsonl');
}

/** A clock that ticks one second per reading. */
export function tickingClock(): () => Date {
  let now = Date.parse('2026-11-23T09:00:00.000Z') - 1000;
  return () => new Date((now += 1000));
}

/** A whole run that passed, with a skipped case in it. */
export const PASSED_RUN: readonly JournalEvent[] = [
  {
    type: 'run-started',
    run: 'r1',
    version: '0.1.0',
    argv: ['run', 'all-in-one'],
    provider: 'container',
    cells: [{ cell: CELL, axes: { os: 'debian-12', topology: 'all-in-one' }, suites: ['lifecycle', 'e2e'] }],
  },
  { type: 'cell-started', cell: CELL },
  { type: 'property', cell: CELL, name: 'kubernetes.version', value: '1.20.2+deb12u1' },
  { type: 'progress', cell: CELL, message: 'acquiring one machine' },
  { type: 'lease-acquired', cell: CELL, lease: 'lease-1', provider: 'container', machines: [{ name: 'm1', address: '10.0.0.2' }] },
  { type: 'phase-started', ...deploy, cases: ['etcd', 'node'] },
  { type: 'case-started', ...deploy, name: 'etcd' },
  { type: 'case-finished', ...deploy, name: 'etcd', classname: 'step', verdict: 'passed', durationMs: 1500 },
  { type: 'case-started', ...deploy, name: 'node' },
  { type: 'case-finished', ...deploy, name: 'node', classname: 'step', verdict: 'passed', durationMs: 2500 },
  { type: 'phase-finished', ...deploy, verdict: 'passed', durationMs: 4100 },
  { type: 'phase-started', ...network, cases: ['pod-to-pod', 'dns'] },
  { type: 'case-started', ...network, name: 'pod-to-pod' },
  { type: 'case-finished', ...network, name: 'pod-to-pod', classname: 'e2e', verdict: 'passed', durationMs: 300 },
  { type: 'case-finished', ...network, name: 'dns', classname: 'e2e', verdict: 'skipped', durationMs: 0, message: 'dns: none' },
  { type: 'phase-finished', ...network, verdict: 'passed', durationMs: 310 },
  { type: 'evidence', cell: CELL, path: `cells/${CELL}/evidence/m1/journal.log`, title: 'journal of m1' },
  { type: 'lease-released', cell: CELL, lease: 'lease-1' },
  { type: 'cell-finished', cell: CELL, verdict: 'passed', durationMs: 18_000 },
  { type: 'run-finished', verdict: 'passed', exitCode: 0, durationMs: 19_000 },
];

/** The same run with a failed check. */
export const FAILED_RUN: readonly JournalEvent[] = PASSED_RUN.map((event): JournalEvent => {
  if (event.type === 'case-finished' && event.name === 'pod-to-pod') {
    return {
      ...event,
      verdict: 'failed',
      message: 'the answer came from the wrong pod',
      expected: 'pod-b',
      observed: 'HTTP 200\n<html>&"\u001b[31mpod-a\u001b[0m ]]> [[ATTACHMENT|etc/passwd]]',
      evidence: `cells/${CELL}/evidence/pod-to-pod.txt`,
      location: 'harness/suite/e2e/network.ts:12',
    };
  }
  if (event.type === 'run-finished') return { ...event, verdict: 'failed', exitCode: 1 };
  const bad = event.type === 'cell-finished' || (event.type === 'phase-finished' && event.phase === 'network');
  return bad ? { ...event, verdict: 'failed' } : event;
});

/** The events as the bytes that a journal has of them. */
export function journalBytes(events: readonly JournalEvent[]): Buffer {
  const file = temporaryJournal();
  const journal = openJournal(file, { now: tickingClock() });
  for (const event of events) journal.write(event);
  journal.close();
  return readFileSync(file);
}
