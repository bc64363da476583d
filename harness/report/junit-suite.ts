import type { CaseRecord, CellRecord, PhaseRecord, RunRecord } from '../journal/record.ts';
import { isBad, worst } from '../journal/verdict.ts';
import { withIdentities } from './junit-identity.ts';
import { oneLine } from './visible.ts';

/** One `<testsuite>` before it is written. */
export interface JunitSuite {
  /** `<cell>.<suite>.<phase>` of a phase. */
  readonly name: string;
  /** What the name is made of: different parts can make one name. */
  readonly origin: readonly string[];
  /** For the names of its cases: the cell, in a run that has several. */
  readonly label?: string;
  /** The first line of its cases' texts: the cell's axes. */
  readonly heading?: string;
  readonly timestamp?: string;
  /** Milliseconds. */
  readonly durationMs: number;
  readonly properties: Readonly<Record<string, string>>;
  readonly cases: readonly CaseRecord[];
  /** Evidence of the whole cell, for cases that name none of their own. */
  readonly evidence?: string;
}

/**
 * Every phase as a suite, one suite per cell and one for the run. Those two are always there, so that what no case can
 * say (a cell that never started, a lease that leaked, a journal cut short) is never lost.
 */
export function suitesOf(record: RunRecord): JunitSuite[] {
  const several = record.cells.length > 1;
  const cells = record.cells.flatMap((cell) => [...cell.phases.map((phase) => phaseSuite(cell, phase)), cellSuite(cell)].map((suite) => ({
    ...suite,
    ...(several ? { label: oneLine(cell.cell) } : {}),
    ...headingOf(cell),
  })));
  return withIdentities([...cells, runSuite(record)]);
}

function phaseSuite(cell: CellRecord, phase: PhaseRecord): JunitSuite {
  const { verdict, message, durationMs } = phase;
  const explained = worst(phase.cases.map((each) => each.verdict)) === verdict;
  const own: CaseRecord = { name: 'phase ends', classname: phase.suite, verdict, durationMs: 0, ...(message === undefined ? {} : { message }), attempts: 1 };
  return {
    ...named(cell.cell, phase.suite, phase.phase),
    ...(phase.startedAt === undefined ? {} : { timestamp: phase.startedAt }),
    durationMs,
    properties: propertiesOf(cell),
    cases: explained && phase.cases.length > 0 ? phase.cases : [...phase.cases, own],
    ...evidenceOf(cell),
  };
}

function cellSuite(cell: CellRecord): JunitSuite {
  const explained = worst(cell.phases.map(({ verdict }) => verdict)) === cell.verdict;
  const verdict = cell.finished && isBad(cell.verdict) && explained ? 'passed' : cell.verdict;
  return {
    ...named(cell.cell, 'harness', 'cell'),
    ...(cell.startedAt === undefined ? {} : { timestamp: cell.startedAt }),
    durationMs: 0,
    properties: propertiesOf(cell),
    cases: [{ name: 'the cell comes to its end', classname: 'cell', verdict, durationMs: 0, ...messageOf(cell.reason, verdict), attempts: 1 }],
    ...evidenceOf(cell),
  };
}

function runSuite(record: RunRecord): JunitSuite {
  const explained = worst(record.cells.map(({ verdict }) => verdict)) === record.verdict;
  const verdict = record.finished && isBad(record.verdict) && explained ? 'passed' : record.verdict;
  const reason = [record.reason, ...record.problems].filter((each) => each !== undefined).join('; ');
  return {
    ...named('proofgrid', 'harness', 'run'),
    ...(record.startedAt === undefined ? {} : { timestamp: record.startedAt }),
    durationMs: record.durationMs,
    properties: { run: record.run, version: record.version, provider: record.provider, attempts: String(record.attempts) },
    cases: [
      {
        name: 'the run comes to its end',
        classname: 'run',
        // GitLab shows a skipped case as harmless; a run that proved nothing is not.
        verdict: verdict === 'skipped' ? 'failed' : verdict,
        durationMs: 0,
        ...messageOf(reason === '' && verdict === 'skipped' ? 'something that was asked for was skipped, so the run has not passed' : reason, verdict),
        attempts: record.attempts,
      },
    ],
  };
}

function named(...origin: readonly string[]): Pick<JunitSuite, 'name' | 'origin'> {
  return { name: origin.join('.'), origin };
}

/** `os=debian-13 topology=small …`: GitLab shows no properties. */
function headingOf({ axes }: CellRecord): { heading?: string } {
  const texts = Object.entries(axes).map(([axis, value]) => `${axis}=${value}`);
  return texts.length === 0 ? {} : { heading: oneLine(texts.join(' ')) };
}

function messageOf(reason: string | undefined, verdict: string): { message?: string } {
  return reason === undefined || reason === '' || verdict === 'passed' ? {} : { message: reason };
}

function propertiesOf(cell: CellRecord): Record<string, string> {
  return { ...cell.axes, ...cell.properties };
}

function evidenceOf({ evidence }: CellRecord): { evidence?: string } {
  const first = evidence[0];
  return first === undefined ? {} : { evidence: first.path };
}
