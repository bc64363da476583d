import { expect, test } from 'vitest';
import { VERDICTS, type JournalEvent } from '../../../harness/journal/event.ts';
import { parseJournal } from '../../../harness/journal/read.ts';
import type { CaseRecord, CellRecord, RunRecord } from '../../../harness/journal/record.ts';
import { replay } from '../../../harness/journal/replay.ts';
import { junit } from '../../../harness/report/junit.ts';
import { CELL, PASSED_RUN, journalBytes } from '../journal/sample.ts';
import { casesIn, identityOf, junitShape } from './junit-shape.ts';

function recordOf(events: readonly JournalEvent[]): RunRecord {
  return replay(parseJournal(journalBytes(events)).lines);
}

const PASSED = recordOf(PASSED_RUN);

function cellOf(cell: string, suite: string, phase: string, names: readonly string[]): CellRecord {
  const cases = names.map((name): CaseRecord => ({ name, classname: 'c', verdict: 'passed', durationMs: 1, attempts: 1 }));
  const phases = [{ suite, phase, verdict: 'passed' as const, durationMs: 1, cases }];
  return { cell, axes: { os: 'debian-12' }, suites: [suite], finished: true, verdict: 'passed', durationMs: 1, properties: {}, leases: [], phases, evidence: [] };
}

/** Names of the cases of these cells' phases as they are written, in order; the shape of the whole is asserted. */
function written(...cells: readonly CellRecord[]): (string | undefined)[] {
  const root = junitShape(junit({ ...PASSED, cells }));
  return casesIn(root).map(({ attributes }) => attributes['name']).filter((name) => name?.startsWith('the ') === false);
}

function identities(record: RunRecord): Set<string> {
  return new Set(junitShape(junit(record)).children.flatMap((suite) => casesIn(suite).map((each) => identityOf(suite, each))));
}

test('a case’s class says its cell, suite and phase, for GitLab shows nothing else of them', () => {
  const classes = casesIn(junitShape(junit(PASSED))).map(({ attributes }) => attributes['classname']);
  expect([...new Set(classes)]).toEqual([`${CELL}.lifecycle.deploy`, `${CELL}.e2e.network`, `${CELL}.harness.cell`, 'proofgrid.harness.run']);
});

test('of several cells, each case’s name says its own; the run’s has none', () => {
  const cells = [cellOf('small-1', 'e2e', 'network', ['dns']), cellOf('small-2', 'e2e', 'network', ['dns'])];
  const names = casesIn(junitShape(junit({ ...PASSED, cells }))).map(({ attributes }) => attributes['name']);
  expect(names).toEqual([
    'dns [small-1]', 'the cell comes to its end [small-1]', 'dns [small-2]', 'the cell comes to its end [small-2]', 'the run comes to its end',
  ]);
});

test('a text begins with the axes of its cell', () => {
  const lost = PASSED_RUN.filter(({ type }) => type !== 'cell-finished');
  const texts = casesIn(junitShape(junit(recordOf(lost)))).flatMap(({ children }) => children.filter(({ name }) => name === 'error').map(({ text }) => text.split('\n')));
  expect(texts[0]?.[0]).toBe('os=debian-12 topology=all-in-one');
  expect(texts[0]?.[1]).toMatch(/^has no end/);
});

test('no verdict changes what a case is', () => {
  const expected = identities(PASSED);
  for (const verdict of VERDICTS) {
    const cells = PASSED.cells.map((cell) => ({
      ...cell, phases: cell.phases.map((phase) => ({ ...phase, verdict, cases: phase.cases.map((each) => ({ ...each, verdict, message: 'why', evidence: 'a/b.log' })) })),
    }));
    expect(identities({ ...PASSED, cells }), verdict).toEqual(expected);
  }
});

test('wherever a run is cut, each case that its phase had announced is the same as in a run that passed', () => {
  const whole = identities(PASSED);
  let aborted = 0;
  for (let length = 1; length <= PASSED_RUN.length; length += 1) {
    const events = PASSED_RUN.slice(0, length);
    const seen = identities(recordOf(events));
    for (const event of events) {
      if (event.type !== 'phase-started') continue;
      const suite = `${event.cell}.${event.suite}.${event.phase}`;
      for (const name of event.cases) expect(seen, `cut after line ${length}`).toContain(`${suite}_${suite}_${name}`);
    }
    const strange = [...seen].filter((each) => !whole.has(each));
    expect(strange.every((each) => /_(phase ends|suite runs)$/.test(each)), strange.join(', ')).toBe(true);
    aborted += strange.length;
  }
  expect(aborted).toBeGreaterThan(0);
});

test('equal names of one phase are numbered, beside names that look like that', () => {
  expect(written(cellOf('c', 's', 'p', ['a', 'a (2)', 'a', 'a']))).toEqual(['a', 'a (2)', 'a (3)', 'a (4)']);
});

test('names that are equal once they are readable stay apart, in whatever order they come', () => {
  const names = ['a', 'a\u001b[1m', 'a ', '', ' ', 'alone  here'];
  const titles = (order: readonly string[]) => new Map(written(cellOf('c', 's', 'p', order)).map((title, index) => [order[index], title]));
  const expected = titles(names);
  expect([...expected.values()]).toEqual([
    'a',
    expect.stringMatching(/^a \([0-9a-f]{6}\)$/), expect.stringMatching(/^a \([0-9a-f]{6}\)$/),
    expect.stringMatching(/^\(unnamed\) \([0-9a-f]{6}\)$/), expect.stringMatching(/^\(unnamed\) \([0-9a-f]{6}\)$/),
    'alone here',
  ]);
  const reversed = titles(names.toReversed());
  for (const name of names) expect(reversed.get(name)).toBe(expected.get(name));
});

test.each([
  ['cells and suites that join to one text', cellOf('a.b', 'c', 'p', ['n']), cellOf('a', 'b.c', 'p', ['n'])],
  ['what GitLab joins with _', cellOf('a', 's', 'p', ['a.s.p_n']), cellOf('a', 's', 'p_a.s.p', ['n'])],
  ['cells that differ in blanks', cellOf('a b', 's', 'p', ['n']), cellOf('a  b', 's', 'p', ['n'])],
  ['cells that are equal', cellOf('a', 's', 'p', ['n']), cellOf('a', 's', 'p', ['n'])],
])('%s stay apart', (_what, one, other) => {
  expect(written(one, other)).toHaveLength(2);
});
