import { expect, test } from 'vitest';
import type { JournalEvent, JournalLine } from '../../../harness/journal/event.ts';
import type { CaseRecord, RunRecord } from '../../../harness/journal/record.ts';
import { casesOf } from '../../../harness/journal/record.ts';
import { replay } from '../../../harness/journal/replay.ts';
import { CELL, FAILED_RUN, PASSED_RUN } from './sample.ts';

const deploy = { cell: CELL, suite: 'lifecycle', phase: 'deploy' };

function numbered(events: readonly JournalEvent[]): JournalLine[] {
  const start = Date.parse('2026-11-23T09:00:00.000Z');
  return events.map((event, index) => ({ v: 1, seq: index + 1, at: new Date(start + index * 1000).toISOString(), ...event }));
}

function recordOf(events: readonly JournalEvent[]): RunRecord {
  return replay(numbered(events));
}

function changed(change: (event: JournalEvent) => JournalEvent | readonly JournalEvent[]): JournalEvent[] {
  return PASSED_RUN.flatMap((event) => change(event));
}

function caseNamed(record: RunRecord, name: string): CaseRecord {
  const found = casesOf(record).filter((each) => each.name === name);
  expect(found, `cases called ${name}`).toHaveLength(1);
  return found[0] as CaseRecord;
}

function upTo(type: JournalEvent['type'], name?: string): JournalEvent[] {
  const index = PASSED_RUN.findIndex((event) => event.type === type && (name === undefined || ('name' in event && event.name === name)));
  return PASSED_RUN.slice(0, index + 1);
}

test('a whole run that passed is passed, skipped case and all', () => {
  const record = recordOf(PASSED_RUN);
  expect(record).toMatchObject({ run: 'r1', verdict: 'passed', exitCode: 0, finished: true, attempts: 1, durationMs: 19_000, problems: [] });
  expect(record.cells).toMatchObject([{ cell: CELL, verdict: 'passed', axes: { os: 'debian-12' }, leases: [{ lease: 'lease-1', state: 'released' }] }]);
  expect(record.cells[0]?.phases.map(({ suite, phase, verdict, cases }) => [suite, phase, verdict, cases.length])).toEqual([
    ['lifecycle', 'deploy', 'passed', 2],
    ['e2e', 'network', 'passed', 2],
  ]);
  expect(record.cells[0]?.properties).toEqual({ 'kubernetes.version': '1.20.2+deb12u1' });
});

test('a failed case fails phase, cell and run', () => {
  const record = recordOf(FAILED_RUN);
  expect(record).toMatchObject({ verdict: 'failed', exitCode: 1 });
  expect(caseNamed(record, 'pod-to-pod')).toMatchObject({ verdict: 'failed', expected: 'pod-b' });
});

test('no proper beginning of a run that passed is passed', () => {
  for (let length = 0; length < PASSED_RUN.length; length += 1) {
    const record = recordOf(PASSED_RUN.slice(0, length));
    expect([record.verdict, record.exitCode], `after ${length} lines`).toEqual(length === 0 ? ['errored', 3] : ['aborted', 130]);
  }
});

test('what was started and has no end is aborted, and says where the journal ends', () => {
  const record = recordOf(upTo('case-started', 'node'));
  expect(caseNamed(record, 'node')).toMatchObject({ verdict: 'aborted', message: 'started and has no end: the journal ends at line 9 (case-started, 2026-11-23T09:00:08.000Z)' });
  expect(record.cells[0]?.reason).toContain('its machines may still exist (lease lease-1): proofgrid reap removes them');
});

test('a cell that was announced and never seen is aborted', () => {
  const record = recordOf(PASSED_RUN.slice(0, 1));
  expect(record.cells[0]).toMatchObject({ verdict: 'aborted', reason: expect.stringMatching(/^never started: /) as string });
});

test('even a run that says it finished cannot pass over a cell that never started', () => {
  const events = changed((event) => (event.type === 'run-started' ? { ...event, cells: [...event.cells, { cell: 'other', axes: {}, suites: ['e2e'] }] } : event));
  expect(recordOf(events)).toMatchObject({ verdict: 'aborted', exitCode: 130 });
});

test.each(['case-finished', 'phase-finished', 'cell-finished', 'lease-released'] as const)('a run without one of its %s lines is not passed, though it says so', (type) => {
  const index = PASSED_RUN.findIndex((event) => event.type === type);
  const record = recordOf(PASSED_RUN.filter((_event, at) => at !== index));
  expect(record.verdict).not.toBe('passed');
  expect(record.exitCode).not.toBe(0);
});

test('an announced case without a result is failed once its phase is over', () => {
  const record = recordOf(changed((event) => (event.type === 'phase-started' && event.phase === 'deploy' ? { ...event, cases: [...event.cases, 'addons'] } : event)));
  expect(caseNamed(record, 'addons')).toMatchObject({ verdict: 'failed', message: 'no result', attempts: 0 });
  expect(record).toMatchObject({ verdict: 'failed', exitCode: 1 });
});

test('a phase that passed without a case has proved nothing', () => {
  const record = recordOf(changed((event) => (event.type === 'cell-finished' ? [{ type: 'phase-started', cell: CELL, suite: 'e2e', phase: 'empty', cases: [] }, { type: 'phase-finished', cell: CELL, suite: 'e2e', phase: 'empty', verdict: 'passed', durationMs: 1 }, event] : event)));
  expect(record.verdict).toBe('failed');
});

test('a planned suite that never ran fails a cell that says it passed', () => {
  const record = recordOf(changed((event) => ('suite' in event && event.suite === 'e2e' ? [] : event)));
  expect(record.cells[0]?.phases.at(-1)).toMatchObject({ suite: 'e2e', phase: 'not-run', verdict: 'failed', message: 'planned, and never run' });
  expect(record.verdict).toBe('failed');
});

test('a suite that was not reached after a failure is skipped, with the reason', () => {
  const events = changed((event) => {
    if ('suite' in event && event.suite === 'e2e') return [];
    const bad = (event.type === 'case-finished' && event.name === 'node') || event.type === 'phase-finished' || event.type === 'cell-finished';
    if (event.type === 'run-finished') return { ...event, verdict: 'failed', exitCode: 1 };
    return bad ? { ...event, verdict: 'failed' } : event;
  });
  const record = recordOf(events);
  expect(record.cells[0]?.phases.at(-1)).toMatchObject({ suite: 'e2e', verdict: 'skipped', message: 'not run: the cell was failed before it' });
  expect(record).toMatchObject({ verdict: 'failed', exitCode: 1 });
});

test('a run in which everything was skipped has not passed', () => {
  const events = changed((event) => (event.type === 'case-finished' ? { ...event, verdict: 'skipped', message: 'no reason to' } : event));
  expect(recordOf(events)).toMatchObject({ verdict: 'skipped', exitCode: 1, cells: [{ verdict: 'skipped' }] });
});

test('nor has one in which a single suite was skipped whole', () => {
  const events = changed((event) => (event.type === 'case-finished' && event.suite === 'e2e' ? { ...event, verdict: 'skipped' } : event));
  expect(recordOf(events)).toMatchObject({ verdict: 'skipped', exitCode: 1, cells: [{ reason: 'nothing in suite e2e was run' }] });
});

test('nor one without cells', () => {
  const events: JournalEvent[] = [
    { type: 'run-started', run: 'r', version: '0', argv: [], provider: 'container', cells: [] },
    { type: 'run-finished', verdict: 'passed', exitCode: 0, durationMs: 0 },
  ];
  expect(recordOf(events)).toMatchObject({ verdict: 'skipped', exitCode: 1 });
});

test('a lease that was neither released nor kept has leaked', () => {
  const record = recordOf(changed((event) => (event.type === 'lease-released' ? [] : event)));
  expect(record).toMatchObject({ verdict: 'leaked', exitCode: 5 });
  expect(recordOf(changed((event) => (event.type === 'lease-released' ? { ...event, type: 'lease-kept', until: 'later' } : event)))).toMatchObject({
    verdict: 'passed',
    cells: [{ leases: [{ state: 'kept', until: 'later' }] }],
  });
});

test('passed with an exit code is a contradiction, not a pass', () => {
  const record = recordOf(changed((event) => (event.type === 'run-finished' ? { ...event, exitCode: 3 } : event)));
  expect(record).toMatchObject({ verdict: 'errored', exitCode: 3, problems: ['the run says passed with exit code 3'] });
});

test('a line that is missing, or that comes twice, spoils a pass', () => {
  const lines = numbered(PASSED_RUN);
  const property = lines.findIndex(({ type }) => type === 'property');
  expect(replay(lines.toSpliced(property, 1))).toMatchObject({ verdict: 'errored', problems: ['line 3 is missing: number 4 comes in its place'] });
  expect(replay(lines.toSpliced(property, 0, lines[property] as JournalLine)).verdict).toBe('errored');
});

test('a torn end spoils a pass', () => {
  expect(replay(numbered(PASSED_RUN), { torn: true })).toMatchObject({ verdict: 'errored', exitCode: 3 });
});

test('the worst verdict decides the exit code when the run itself is more lenient', () => {
  const events = FAILED_RUN.map((event): JournalEvent => (event.type === 'run-finished' ? { ...event, verdict: 'passed', exitCode: 0 } : event));
  expect(recordOf(events)).toMatchObject({ verdict: 'failed', exitCode: 1 });
});

test('of the same name and class twice in one attempt, both are kept', () => {
  const twice = changed((event) => (event.type === 'case-finished' && event.name === 'pod-to-pod' ? [{ ...event, verdict: 'failed' }, event] : event));
  const found = casesOf(recordOf(twice)).filter(({ name }) => name === 'pod-to-pod');
  expect(found.map(({ verdict, attempts }) => [verdict, attempts])).toEqual([['failed', 1], ['passed', 1]]);
});

test('cells that run at the same time do not disturb each other', () => {
  const other = 'other-cell';
  const elsewhere = (event: JournalEvent): JournalEvent => ('cell' in event ? { ...event, cell: other, ...(event.type === 'lease-acquired' || event.type === 'lease-released' ? { lease: 'lease-2' } : {}) } : event);
  const events = PASSED_RUN.flatMap((event): JournalEvent[] => {
    if (event.type === 'run-started') return [{ ...event, cells: [...event.cells, { cell: other, axes: {}, suites: ['lifecycle', 'e2e'] }] }];
    return event.type === 'run-finished' ? [event] : [event, elsewhere(event)];
  });
  const record = recordOf(events);
  expect(record.verdict).toBe('passed');
  expect(casesOf(record).map(({ attempts }) => attempts)).toEqual(Array(8).fill(1));
});

const resumed = (rest: readonly JournalEvent[]) => [...PASSED_RUN.slice(0, 2), ...rest];

test('a case that is run again by --resume replaces its earlier result and counts its attempts', () => {
  const record = recordOf([...FAILED_RUN, ...PASSED_RUN]);
  expect(record).toMatchObject({ verdict: 'passed', exitCode: 0, attempts: 2 });
  expect(casesOf(record)).toHaveLength(4);
  expect(caseNamed(record, 'pod-to-pod')).toMatchObject({ verdict: 'passed', attempts: 2 });
});

test('what the resumed run does not repeat keeps its result', () => {
  const rest = PASSED_RUN.slice(PASSED_RUN.findIndex((event) => event.type === 'phase-started' && event.phase === 'network'));
  const record = recordOf([...FAILED_RUN, ...resumed(rest)]);
  expect(record).toMatchObject({ verdict: 'passed', attempts: 2 });
  expect(caseNamed(record, 'etcd')).toMatchObject({ verdict: 'passed', attempts: 1 });
});

test('a failure is not forgotten because the resumed run skipped over it', () => {
  const rest = PASSED_RUN.slice(PASSED_RUN.findIndex((event) => event.type === 'evidence'));
  expect(recordOf([...FAILED_RUN, ...resumed(rest)])).toMatchObject({ verdict: 'failed', exitCode: 1 });
});

test('a run that was killed and resumed to its end is passed, with the killed case counted', () => {
  const record = recordOf([...upTo('case-started', 'node'), ...PASSED_RUN]);
  expect(record).toMatchObject({ verdict: 'passed', attempts: 2 });
  expect(caseNamed(record, 'node')).toMatchObject({ verdict: 'passed', attempts: 2 });
});

test('a phase that was cut and never taken up again names the attempt’s own end', () => {
  const cut = upTo('case-started', 'node');
  const record = recordOf([...cut, ...resumed(PASSED_RUN.filter((event) => !('phase' in event && event.phase === 'deploy')).slice(2))]);
  expect(caseNamed(record, 'node').message).toContain('an earlier attempt ended at line 9 (case-started');
  expect(record.verdict).toBe('aborted');
});

test('an earlier pass does not stand in for a case that its repeated phase left out', () => {
  const again: JournalEvent[] = [
    { type: 'phase-started', ...deploy, cases: ['etcd', 'node'] },
    { type: 'case-finished', ...deploy, name: 'etcd', classname: 'step', verdict: 'passed', durationMs: 1 },
    { type: 'phase-finished', ...deploy, verdict: 'passed', durationMs: 2 },
  ];
  const rest = PASSED_RUN.slice(PASSED_RUN.findIndex((event) => event.type === 'evidence'));
  const record = recordOf([...PASSED_RUN, ...resumed([...again, ...rest])]);
  expect(caseNamed(record, 'node')).toMatchObject({ verdict: 'failed', message: 'no result' });
  expect(record.verdict).toBe('failed');
});

test('a lease of a killed attempt is no leak of the resumed one', () => {
  const first = upTo('lease-acquired');
  const second = PASSED_RUN.map((event): JournalEvent => ('lease' in event ? { ...event, lease: 'lease-2' } : event));
  const record = recordOf([...first, ...second]);
  expect(record.verdict).toBe('passed');
  expect(record.cells[0]?.leases.map(({ lease, state }) => [lease, state])).toEqual([['lease-1', 'unknown'], ['lease-2', 'released']]);
});

test('lines without any run-started are no run', () => {
  const lines = numbered(PASSED_RUN).slice(1).map((line, index): JournalLine => ({ ...line, seq: index + 1 }));
  expect(replay(lines)).toMatchObject({ run: 'unknown', verdict: 'errored', problems: ['no run-started line could be read'] });
});
