import { expect, test } from 'vitest';
import { VERDICTS, type JournalEvent } from '../../../harness/journal/event.ts';
import { parseJournal } from '../../../harness/journal/read.ts';
import type { CaseRecord, RunRecord } from '../../../harness/journal/record.ts';
import { replay } from '../../../harness/journal/replay.ts';
import { worst } from '../../../harness/journal/verdict.ts';
import { junit } from '../../../harness/report/junit.ts';
import { CELL, FAILED_RUN, PASSED_RUN, journalBytes } from '../journal/sample.ts';
import { bad, casesIn, junitShape } from './junit-shape.ts';
import { randomOf } from '../../random.ts';
import { nastyText } from './nasty-text.ts';

function recordOf(events: readonly JournalEvent[]): RunRecord {
  return replay(parseJournal(journalBytes(events)).lines);
}

const PASSED = recordOf(PASSED_RUN);

/** The passed run's record with these cases in place of its e2e cases. */
function withCases(cases: readonly CaseRecord[]): RunRecord {
  const [cell] = PASSED.cells;
  if (cell === undefined) throw new Error('the sample has a cell');
  const phases = cell.phases.map((phase) => (phase.suite === 'e2e' ? { ...phase, cases, verdict: worst(cases.map(({ verdict }) => verdict)) } : phase));
  return { ...PASSED, cells: [{ ...cell, phases }] };
}

const caseOf = (change: Partial<CaseRecord>): CaseRecord => ({ name: 'n', classname: 'c', verdict: 'passed', durationMs: 1, attempts: 1, ...change });

test('a passed run is written whole', () => {
  expect(junit(PASSED)).toMatchInlineSnapshot(`
    "<?xml version="1.0" encoding="UTF-8"?>
    <testsuites tests="6" failures="0" errors="0" skipped="1">
      <testsuite name="debian-12-all-in-one.lifecycle.deploy" time="4.1" timestamp="2026-11-23T09:00:05.000Z" tests="2" failures="0" errors="0" skipped="0">
        <properties>
          <property name="os" value="debian-12"/>
          <property name="topology" value="all-in-one"/>
          <property name="kubernetes.version" value="1.20.2+deb12u1"/>
        </properties>
        <testcase name="etcd" classname="debian-12-all-in-one.lifecycle.deploy" time="1.5"/>
        <testcase name="node" classname="debian-12-all-in-one.lifecycle.deploy" time="2.5"/>
      </testsuite>
      <testsuite name="debian-12-all-in-one.e2e.network" time="0.31" timestamp="2026-11-23T09:00:11.000Z" tests="2" failures="0" errors="0" skipped="1">
        <properties>
          <property name="os" value="debian-12"/>
          <property name="topology" value="all-in-one"/>
          <property name="kubernetes.version" value="1.20.2+deb12u1"/>
        </properties>
        <testcase name="pod-to-pod" classname="debian-12-all-in-one.e2e.network" time="0.3"/>
        <testcase name="dns" classname="debian-12-all-in-one.e2e.network" time="0">
          <skipped message="dns: none">os=debian-12 topology=all-in-one
    dns: none</skipped>
        </testcase>
      </testsuite>
      <testsuite name="debian-12-all-in-one.harness.cell" time="0" timestamp="2026-11-23T09:00:01.000Z" tests="1" failures="0" errors="0" skipped="0">
        <properties>
          <property name="os" value="debian-12"/>
          <property name="topology" value="all-in-one"/>
          <property name="kubernetes.version" value="1.20.2+deb12u1"/>
        </properties>
        <testcase name="the cell comes to its end" classname="debian-12-all-in-one.harness.cell" time="0"/>
      </testsuite>
      <testsuite name="proofgrid.harness.run" time="19" timestamp="2026-11-23T09:00:00.000Z" tests="1" failures="0" errors="0" skipped="0">
        <properties>
          <property name="run" value="r1"/>
          <property name="version" value="0.1.0"/>
          <property name="provider" value="container"/>
          <property name="attempts" value="1"/>
        </properties>
        <testcase name="the run comes to its end" classname="proofgrid.harness.run" time="0"/>
      </testsuite>
    </testsuites>
    "
  `);
});

test('a failure carries message, expected, observed, evidence, location and one attachment', () => {
  const root = junitShape(junit(recordOf(FAILED_RUN), { attachmentBase: 'runs/r1' }));
  const failed = casesIn(root).filter(({ children }) => children.some(({ name }) => name === 'failure'));
  expect(failed).toMatchInlineSnapshot(`
    [
      {
        "attributes": {
          "classname": "debian-12-all-in-one.e2e.network",
          "file": "harness/suite/e2e/network.ts",
          "name": "pod-to-pod",
          "time": "0.3",
        },
        "children": [
          {
            "attributes": {
              "message": "the answer came from the wrong pod",
              "type": "failed",
            },
            "children": [],
            "name": "failure",
            "text": "os=debian-12 topology=all-in-one
    the answer came from the wrong pod
    expected: pod-b
    observed:
      HTTP 200
      <html>&"pod-a ]]> [[ATTACHMENT|etc/passwd]]
    evidence: cells/debian-12-all-in-one/evidence/pod-to-pod.txt
    location: harness/suite/e2e/network.ts:12",
          },
          {
            "attributes": {},
            "children": [],
            "name": "system-out",
            "text": "[[ATTACHMENT|runs/r1/cells/debian-12-all-in-one/evidence/pod-to-pod.txt]]",
          },
        ],
        "name": "testcase",
        "text": "
          
          
        ",
      },
    ]
  `);
});

test('cut at every byte, the JUnit is valid and green only when the run’s end is whole', () => {
  for (const events of [PASSED_RUN, FAILED_RUN]) {
    const bytes = journalBytes(events);
    const end = bytes.lastIndexOf('}') + 1;
    const seen = new Set<string>();
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const { lines, torn } = parseJournal(bytes.subarray(0, cut));
      const record = replay(lines, { torn });
      const whole = cut >= end && events === PASSED_RUN;
      expect(record.verdict === 'passed', `cut at ${cut}`).toBe(whole);
      expect(record.exitCode === 0, `cut at ${cut}`).toBe(whole);
      // most cuts differ in nothing that a report shows
      if (seen.has(JSON.stringify(record))) continue;
      seen.add(JSON.stringify(record));
      expect(bad(junitShape(junit(record))) === 0, `cut at ${cut}`).toBe(whole);
    }
    expect(seen.size).toBeGreaterThan(events.length);
  }
});

test('nothing but a passed run is green, whatever line is missing from it', () => {
  const lines = parseJournal(journalBytes(PASSED_RUN)).lines;
  for (let index = 0; index < lines.length; index += 1) {
    const record = replay(lines.toSpliced(index, 1));
    expect(bad(junitShape(junit(record))), `without line ${index + 1}`).toBeGreaterThan(0);
  }
});

test('no journal at all is one errored case', () => {
  const record = replay([]);
  expect(record.exitCode).toBe(3);
  const root = junitShape(junit(record));
  expect(casesIn(root)).toHaveLength(1);
  expect(root.attributes).toMatchObject({ tests: '1', errors: '1' });
});

test.each(VERDICTS)('%s has its place in JUnit', (verdict) => {
  const root = junitShape(junit(withCases([caseOf({ verdict, message: 'why' })])));
  const [written] = casesIn(root).filter(({ attributes }) => attributes['name'] === 'n');
  const places = { passed: [], failed: ['failure'], errored: ['error'], 'timed-out': ['error'], aborted: ['error'], leaked: ['error'], skipped: ['skipped'] };
  expect(written?.children.map(({ name }) => name).filter((name) => name !== 'system-out')).toEqual(places[verdict]);
  const [place] = written?.children ?? [];
  if (verdict === 'passed') return;
  expect(place?.text).toBe('os=debian-12 topology=all-in-one\nwhy');
  expect(place?.attributes).toEqual(verdict === 'skipped' ? { message: 'why' } : { message: 'why', type: verdict });
});

test('only paths that GitLab can resolve become attachments', () => {
  const evidence = ['cells/a/log.txt', '../../etc/passwd', '/etc/passwd', 'a]]b', 'a|b'];
  const cases = evidence.map((path, index) => caseOf({ name: String(index), verdict: 'failed', evidence: path }));
  const root = junitShape(junit(withCases(cases), { attachmentBase: 'runs/r1' }));
  const attached = casesIn(root).flatMap(({ children }) => children.filter(({ name }) => name === 'system-out').map(({ text }) => text));
  expect(attached).toEqual(['[[ATTACHMENT|runs/r1/cells/a/log.txt]]']);
});

test('a failed case without evidence of its own points to its cell’s', () => {
  const root = junitShape(junit(withCases([caseOf({ verdict: 'failed' })])));
  const texts = casesIn(root).flatMap(({ children }) => children.map(({ text }) => text));
  expect(texts).toContain(`[[ATTACHMENT|cells/${CELL}/evidence/m1/journal.log]]`);
});

test('any text in any place gives valid XML', () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = randomOf(seed);
    const text = () => nastyText(random);
    const cases = Array.from({ length: 3 }, (): CaseRecord => ({
      ...{ name: text(), classname: text(), verdict: VERDICTS[Math.floor(random() * VERDICTS.length)] ?? 'failed', durationMs: random() * 1e7, attempts: 1 },
      ...{ message: text(), expected: text(), observed: text(), evidence: text(), location: text() },
    }));
    const [cell] = withCases(cases).cells;
    if (cell === undefined) throw new Error('the sample has a cell');
    const record: RunRecord = { ...PASSED, run: text(), reason: text(), cells: [{ ...cell, cell: text(), reason: text(), axes: { [text()]: text() }, properties: { [text()]: text() } }] };
    expect(() => junitShape(junit(record)), `seed ${seed}`).not.toThrow();
  }
});

test('a file too long for GitLab loses texts first, then passed cases, and says what is missing', () => {
  const observed = 'x'.repeat(10_000);
  const cases = Array.from({ length: 200 }, (_, index) => caseOf({ name: `case ${index}`, verdict: index % 2 === 0 ? 'passed' : 'failed', observed }));
  const record = withCases(cases);
  for (const maxBytes of [600_000, 130_000, 60_000, 20_000]) {
    const xml = junit(record, { maxBytes });
    expect(Buffer.byteLength(xml)).toBeLessThan(maxBytes);
    const root = junitShape(xml);
    expect(bad(root)).toBeGreaterThan(0);
    const written = casesIn(root).length;
    if (maxBytes >= 130_000) expect(written).toBe(204);
    else expect(xml).toMatch(/left out to keep GitLab's limits: \d+ cases, \d+ of them not passed/);
  }
  const failuresKept = junitShape(junit(record, { maxBytes: 90_000 }));
  expect(Number(failuresKept.attributes['failures'])).toBeGreaterThanOrEqual(100);
});

test('failures too large for a merge request lose texts first, however much room the file has', () => {
  const failed = Array.from({ length: 100 }, (_, index) => caseOf({ name: `case ${index}`, verdict: 'failed', observed: 'x'.repeat(10_000) }));
  const record = withCases([...failed, ...Array.from({ length: 1000 }, (_, index) => caseOf({ name: `passed ${index}`, verdict: 'passed' }))]);
  const failuresIn = (xml: string) => casesIn(junitShape(xml)).filter(({ children }) => children.some(({ name }) => name === 'failure'));
  for (const [maxBadBytes, kept] of [[400_000, 100], [40_000, 1]] as const) {
    const xml = junit(record, { maxBadBytes });
    const failures = failuresIn(xml);
    expect(failures.length).toBeGreaterThanOrEqual(kept);
    expect(failures.reduce((sum, each) => sum + JSON.stringify(each).length, 0)).toBeLessThan(maxBadBytes);
    expect(xml.match(/name="passed \d+"/g)).toHaveLength(1000);
  }
});

test('passed cases fill the file as far as it goes', () => {
  const cases = Array.from({ length: 20_000 }, (_, index) => caseOf({ name: `case ${index}`, verdict: 'passed' }));
  const xml = junit(withCases(cases), { maxBytes: 500_000 });
  expect(xml).toMatch(/more cases are only in report.html/);
  expect(Buffer.byteLength(xml)).toBeGreaterThan(440_000);
  expect(Buffer.byteLength(xml)).toBeLessThanOrEqual(500_000);
});

test('more cases than GitLab takes are trimmed to its number', () => {
  const cases = Array.from({ length: 60 }, (_, index) => caseOf({ name: `case ${index}`, verdict: index < 50 ? 'passed' : 'failed' }));
  const root = junitShape(junit(withCases(cases), { maxCases: 30 }));
  expect(casesIn(root).length).toBeLessThanOrEqual(30);
  expect(root.attributes['failures']).toBe('10');
});
