import type { CaseRecord } from '../journal/record.ts';
import { bounded } from '../journal/text.ts';
import { isBad, worst } from '../journal/verdict.ts';
import { caseText } from './case-text.ts';
import type { JunitSuite } from './junit-suite.ts';

export interface JunitLimits {
  /** Bytes of the whole file. */
  readonly maxBytes: number;
  /** Bytes of the cases that went wrong. */
  readonly maxBadBytes: number;
  readonly maxCases: number;
}

/** Bytes of markup around a passed case, without its texts: `    <testcase name="" classname="" time=""/>`, and of its attribute `file`. */
const PASSED_OVERHEAD = 46;
const FILE_OVERHEAD = 8;
/** Around any other case, which has an element with texts and an attachment, and around a suite, at most. */
const CASE_OVERHEAD = 400;
const SUITE_OVERHEAD = 1000;
/** Bytes that each text of a case keeps when all of them do not fit. */
const TEXT_STEPS = [2048, 256];

/**
 * The suites made small enough: long texts are cut first; then cases are left out, passed ones before any other, and
 * one case per suite says how many and carries the worst of their verdicts.
 */
export function trimmed(suites: readonly JunitSuite[], limits: JunitLimits): readonly JunitSuite[] {
  let current = suites;
  for (const step of [undefined, ...TEXT_STEPS]) {
    if (step !== undefined) current = suites.map((suite) => ({ ...suite, cases: suite.cases.map((each) => shortened(each, step)) }));
    if (fits(current, limits)) return current;
  }
  return withoutSome(current, limits);
}

function fits(suites: readonly JunitSuite[], { maxBytes, maxBadBytes, maxCases }: JunitLimits): boolean {
  let [bytes, badBytes, cases] = [0, 0, 0];
  for (const suite of suites) {
    bytes += suiteSize(suite);
    cases += suite.cases.length;
    for (const each of suite.cases) {
      const size = caseSize(each, suite);
      bytes += size;
      if (isBad(each.verdict)) badBytes += size;
    }
  }
  return cases <= maxCases && bytes <= maxBytes && badBytes <= maxBadBytes;
}

function shortened(each: CaseRecord, limit: number): CaseRecord {
  const { message, expected, observed } = each;
  return {
    ...each,
    ...(message === undefined ? {} : { message: bounded(message, limit) }),
    ...(expected === undefined ? {} : { expected: bounded(expected, limit) }),
    ...(observed === undefined ? {} : { observed: bounded(observed, limit) }),
  };
}

function withoutSome(suites: readonly JunitSuite[], { maxBytes, maxBadBytes, maxCases }: JunitLimits): JunitSuite[] {
  // Every suite may need one more case, the one that says what is missing.
  const notes = suites.length * CASE_OVERHEAD;
  let bytes = maxBytes - suites.reduce((sum, suite) => sum + suiteSize(suite), notes);
  let badBytes = maxBadBytes - notes;
  let room = maxCases - suites.length;
  const kept = new Set<CaseRecord>();
  const cases = suites.flatMap((suite) => suite.cases.map((each) => ({ each, suite })));
  const [bad, harmless] = [cases.filter(({ each }) => isBad(each.verdict)), cases.filter(({ each }) => !isBad(each.verdict))];
  for (const { each, suite } of [...bad, ...harmless]) {
    const size = caseSize(each, suite);
    const goesWrong = isBad(each.verdict);
    if (room < 1 || size > bytes || (goesWrong && size > badBytes)) continue;
    room -= 1;
    bytes -= size;
    if (goesWrong) badBytes -= size;
    kept.add(each);
  }
  return suites.map((suite) => {
    const left = suite.cases.filter((each) => !kept.has(each));
    return left.length === 0 ? suite : { ...suite, cases: [...suite.cases.filter((each) => kept.has(each)), noteOf(suite, left)] };
  });
}

function noteOf({ name, label }: JunitSuite, left: readonly CaseRecord[]): CaseRecord {
  const bad = left.filter(({ verdict }) => isBad(verdict)).length;
  return {
    name: `more cases are only in report.html${label === undefined ? '' : ` [${label}]`}`,
    classname: name,
    verdict: worst(left.map(({ verdict }) => verdict)),
    durationMs: left.reduce((sum, { durationMs }) => sum + durationMs, 0),
    message: `left out to keep GitLab's limits: ${left.length} cases, ${bad} of them not passed`,
    attempts: 1,
  };
}

function suiteSize(suite: JunitSuite): number {
  const texts = [suite.name, ...Object.entries(suite.properties).flat()];
  return SUITE_OVERHEAD + Object.keys(suite.properties).length * 50 + texts.reduce((sum, text) => sum + escapedSize(text), 0);
}

function caseSize(each: CaseRecord, { heading }: JunitSuite): number {
  const names = escapedSize(each.name) + escapedSize(each.classname) + escapedSize(each.location ?? '');
  if (each.verdict === 'passed') return PASSED_OVERHEAD + names + (each.location === undefined ? 0 : FILE_OVERHEAD) + Math.max(String(each.durationMs).length, 4) + 1;
  return CASE_OVERHEAD + names + escapedSize(each.message ?? '') + escapedSize(caseText(each, heading)) + escapedSize(each.evidence ?? '');
}

/** Bytes in the file; `&quot;` is the longest escape. */
function escapedSize(text: string): number {
  let special = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22 || code === 0x26 || code === 0x3c || code === 0x3e || code < 0x20) special += 1;
  }
  return Buffer.byteLength(text) + special * 5;
}
