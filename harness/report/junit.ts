import path from 'node:path';
import junitReportBuilder, { type Builder, type TestCase, type TestSuite } from 'junit-report-builder';
import type { CaseRecord, RunRecord } from '../journal/record.ts';
import { caseText } from './case-text.ts';
import { trimmed } from './junit-limit.ts';
import { suitesOf, type JunitSuite } from './junit-suite.ts';
import { visible } from './visible.ts';

export interface JunitOptions {
  /** The run directory relative to `CI_PROJECT_DIR`, where GitLab looks for attachments; '' when they are the same, null when it is not below it. */
  readonly attachmentBase?: string | null;
  /** Bytes; GitLab's limits unless a test says otherwise. */
  readonly maxBytes?: number;
  readonly maxBadBytes?: number;
  readonly maxCases?: number;
}

/** GitLab refuses a file of 30 MB (https://docs.gitlab.com/ci/testing/unit_test_reports); the rest is room for what the estimate misses. */
const MAX_BYTES = 28_000_000;
/**
 * A merge request shows no comparison of more than 20 MB (https://docs.gitlab.com/administration/instance_limits,
 * "Merge request reports size limit"), and that holds all cases that went wrong; the rest is room for JSON around them.
 */
const MAX_BAD_BYTES = 17_000_000;
/** https://docs.gitlab.com/administration/instance_limits: test cases per unit test report. */
const MAX_CASES = 500_000;

// Node gives the builder itself as the default of this CommonJS package, and its types say otherwise.
const library = junitReportBuilder as unknown as Builder;

const VERDICT_ELEMENTS = new Set(['failure', 'error', 'skipped']);

type XmlElement = ReturnType<TestCase['build']>;

/**
 * The record as JUnit XML. Pure. Elements and attributes are those of Jenkins' schema
 * (https://github.com/jenkinsci/xunit-plugin, types/model/xsd/junit-10.xsd) and two that it lacks: `file` of a case,
 * which GitLab shows (lib/gitlab/ci/parsers/test/junit.rb), and `skipped` of the root, which the library writes.
 */
export function junit(record: RunRecord, options: JunitOptions = {}): string {
  const { attachmentBase = '', maxBytes = MAX_BYTES, maxBadBytes = MAX_BAD_BYTES, maxCases = MAX_CASES } = options;
  const builder = library.newBuilder();
  for (const suite of trimmed(suitesOf(record), { maxBytes, maxBadBytes, maxCases })) writeSuite(builder.testSuite(), suite, attachmentBase);
  return `${builder.build()}\n`;
}

function writeSuite(target: TestSuite, suite: JunitSuite, attachmentBase: string | null): void {
  target.name(visible(suite.name)).time(seconds(suite.durationMs));
  if (suite.timestamp !== undefined) target.timestamp(suite.timestamp);
  for (const [name, value] of Object.entries(suite.properties)) target.property(visible(name), visible(value));
  for (const each of suite.cases) writeCase(target.testCase(), each, suite, attachmentBase);
}

function writeCase(target: TestCase, each: CaseRecord, suite: JunitSuite, attachmentBase: string | null): void {
  target.name(visible(each.name)).className(visible(each.classname)).time(seconds(each.durationMs));
  if (each.location !== undefined) target.file(visible(each.location).replace(/(?::\d+){1,2}$/, ''));
  if (each.verdict === 'passed') return;
  const text = visible(caseText(each, suite.heading));
  const title = visible(each.message ?? each.verdict);
  if (each.verdict === 'skipped') target.skipped();
  else if (each.verdict === 'failed') target.failure(title, each.verdict);
  else target.error(title, each.verdict);
  addText(target, text, each.verdict === 'skipped' ? title : undefined);
  const attachment = attachmentPath(each.evidence ?? suite.evidence, attachmentBase);
  if (each.verdict !== 'skipped' && attachment !== undefined) target.standardOutput(`[[ATTACHMENT|${attachment}]]`);
}

/**
 * Writes the text into the verdict's element. The library can only write it as CDATA, where it mends the first `]]>`
 * and no other, and has no text for a skipped case at all; GitLab shows the text and no attribute.
 */
function addText(target: TestCase, text: string, message: string | undefined): void {
  const build = target.build.bind(target);
  target.build = (parent) => {
    const element = build(parent);
    const verdict = element.children.find((child): child is XmlElement => VERDICT_ELEMENTS.has((child as XmlElement).name));
    if (message !== undefined) verdict?.att('message', message);
    verdict?.txt(text);
    return element;
  };
}

/** GitLab reads `[^[]|]+` as the path, relative to the project's directory; a path that it cannot read is left out. */
function attachmentPath(evidence: string | undefined, base: string | null): string | undefined {
  if (evidence === undefined || base === null || evidence.startsWith('/') || evidence.split('/').includes('..')) return undefined;
  const joined = path.posix.join(base, visible(evidence));
  return /[[\]|\n]/.test(joined) ? undefined : joined;
}

function seconds(milliseconds: number): number {
  return Number((milliseconds / 1000).toFixed(3));
}
