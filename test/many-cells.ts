import type { JournalEvent, Verdict } from '../harness/journal/event.ts';
import { parseJournal } from '../harness/journal/read.ts';
import type { RunRecord } from '../harness/journal/record.ts';
import { replay } from '../harness/journal/replay.ts';

const SYSTEMS = ['debian-12', 'debian-13'];
const VERSIONS = ['1.34.4', '1.36.3', '1.37.2'];
const NETWORKS = ['bridge', 'flannel-vxlan', 'flannel-host-gw', 'kube-router'];
const STEPS = ['bootstrap-os', 'pre-install', 'container-engine', 'etcd', 'control-plane', 'node', 'network-plugin', 'add-ons', 'post-install'];
const GROUPS = ['nodes', 'network', 'dns', 'storage', 'security', 'api', 'scheduling', 'workloads'];
const CASES_PER_GROUP = 6;

/**
 * A run of many cells: every seventh failed and was kept, every eleventh never started, some cases are skipped; texts are
 * long and have words without a place to break.
 * @param textLength characters of an observed text
 */
export function manyCells(count: number, { textLength = 300 } = {}): RunRecord {
  const cells = Array.from({ length: count }, (_, index) => ({
    cell: `${['all-in-one', 'small', 'ha'][index % 3]}-${(index * 2654435761).toString(16).padStart(8, '0').slice(-8)}`,
    axes: { os: SYSTEMS[index % 2] ?? '', kubernetes: VERSIONS[index % 3] ?? '', network: NETWORKS[index % 4] ?? '', topology: ['all-in-one', 'small', 'ha'][index % 3] ?? '' },
    suites: ['lifecycle', 'e2e'],
  }));
  const started: JournalEvent = { type: 'run-started', run: '20261127-201500-a1b2c3', version: '0.1.0', argv: ['run', '--tier', 'nightly', '--keep', 'failed'], provider: 'container', cells };
  const events = [started, ...cells.flatMap(({ cell }, index) => cellEvents(cell, verdictOf(index), textLength))];
  const text = [...events, { type: 'run-finished', verdict: 'failed', exitCode: 1, durationMs: 7_200_000 } satisfies JournalEvent]
    .map((event, index) => JSON.stringify({ v: 1, seq: index + 1, at: new Date(Date.UTC(2026, 10, 27, 20) + index * 100).toISOString(), ...event }))
    .map((line) => `${line}\n`)
    .join('');
  return replay(parseJournal(Buffer.from(text)).lines);
}

/** The first cell fails, so that a page of one cell has a failure on it. */
function verdictOf(index: number): Verdict {
  if (index % 7 === 0) return 'failed';
  return index % 11 === 5 ? 'errored' : 'passed';
}

function cellEvents(cell: string, verdict: Verdict, textLength: number): JournalEvent[] {
  const start: JournalEvent[] = [{ type: 'cell-started', cell }];
  if (verdict === 'errored') return [...start, { type: 'cell-finished', cell, verdict, durationMs: 1000, reason: 'the image registry.example/machine:debian-12 could not be pulled: connection refused' }];
  const lease = `lease-${cell}`;
  const facts = ['etcd.version', 'kubelet.version', 'containerd.version', 'image.digest'].map(
    (name): JournalEvent => ({ type: 'property', cell, name, value: name === 'image.digest' ? `sha256:${'0123456789abcdef'.repeat(4)}` : '1.2.3+deb12u1' }),
  );
  const machines = [1, 2].map((number) => ({ name: `control-plane-${number}`, address: `10.88.0.${number}` }));
  const deploy = phase(cell, 'lifecycle', 'deploy', 'passed', STEPS.map((name) => ({ name })));
  const checks = GROUPS.flatMap((group, index) => groupEvents(cell, group, index === 1 ? verdict : 'passed', textLength));
  const end: JournalEvent = verdict === 'failed' ? { type: 'lease-kept', cell, lease, until: '2026-11-28T08:00:00.000Z' } : { type: 'lease-released', cell, lease };
  const evidence = Array.from({ length: 12 }, (_, index): JournalEvent => ({ type: 'evidence', cell, path: `cells/${cell}/evidence/control-plane-1/${index}-journal.log`, title: `control-plane-1: journal of unit ${index}` }));
  return [...start, ...facts, { type: 'lease-acquired', cell, lease, provider: 'container', machines }, ...deploy, ...checks, ...evidence, end, { type: 'cell-finished', cell, verdict, durationMs: 900_000 }];
}

function groupEvents(cell: string, group: string, verdict: Verdict, textLength: number): JournalEvent[] {
  const observed = `HTTP 503\n${'x'.repeat(120)}\n${'the answer came from the wrong pod '.repeat(Math.ceil(textLength / 35))}`.slice(0, Math.max(textLength, 200));
  const cases = Array.from({ length: CASES_PER_GROUP }, (_, index): Partial<CaseEvent> & { name: string } => {
    const name = `${group}: pods reach each other and a service by its name, case ${index + 1}`;
    if (index === 0 && verdict === 'failed') return { name, verdict, message: 'the answer came from the wrong pod', expected: 'pod-b', observed, evidence: `cells/${cell}/evidence/${group}.log`, location: 'harness/suite/e2e/network.ts:12' };
    if (index === 1 && group === 'dns') return { name, verdict: 'skipped', message: 'the document says dns: none' };
    return { name, expected: 'an answer in 5 s', observed: 'an answer in 0.2 s' };
  });
  return phase(cell, 'e2e', group, verdict, cases);
}

type CaseEvent = Extract<JournalEvent, { type: 'case-finished' }>;

function phase(cell: string, suite: string, name: string, verdict: Verdict, cases: readonly (Partial<CaseEvent> & { name: string })[]): JournalEvent[] {
  const id = { cell, suite, phase: name };
  const finished = cases.map((each): JournalEvent => ({ type: 'case-finished', ...id, classname: suite, verdict: 'passed', durationMs: 1500, ...each }));
  return [{ type: 'phase-started', ...id, cases: cases.map((each) => each.name) }, ...finished, { type: 'phase-finished', ...id, verdict, durationMs: 9000 }];
}
