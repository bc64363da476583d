import type { Verdict } from './event.ts';
import type { CellDraft, PhaseDraft, RunDraft } from './draft.ts';
import { judgePhase } from './judge-phase.ts';
import { NOT_RUN, type CellRecord, type LeaseRecord, type PhaseRecord, type RunRecord } from './record.ts';
import { agreed, exitCodeOf, isBad, worst } from './verdict.ts';

/** Decides every verdict of a folded journal. Nothing is passed because nothing was said against it. */
export function judgeRun(run: RunDraft, torn: boolean): RunRecord {
  const end = run.last === undefined ? undefined : { type: run.last.type, seq: run.last.seq, at: run.last.at };
  const journalEnds = end === undefined ? 'the journal is empty' : `the journal ends at line ${end.seq} (${end.type}, ${end.at})`;
  const problems = problemsOf(run, torn, journalEnds);
  const over = run.finished !== undefined && !torn;
  const cells = [...run.cells.values()].map((cell) => judgeCell(cell, run, over, journalEnds));
  const verdict = runVerdict(run, cells, problems);
  const said = run.finished;
  const reason = said?.reason ?? (said === undefined ? journalEnds : undefined);
  return {
    run: run.started?.run ?? 'unknown',
    version: run.started?.version ?? 'unknown',
    argv: run.started?.argv ?? [],
    provider: run.started?.provider ?? 'unknown',
    ...(run.started?.site === undefined ? {} : { site: run.started.site }),
    ...(run.started?.source === undefined ? {} : { source: run.started.source }),
    ...(run.firstStarted === undefined ? {} : { startedAt: run.firstStarted.at }),
    ...(run.last === undefined ? {} : { endedAt: run.last.at }),
    durationMs: said?.durationMs ?? elapsed(run.started?.at, run.last?.at),
    attempts: run.attempts,
    verdict,
    exitCode: said?.verdict === verdict && verdict !== 'passed' && said.exitCode !== 0 ? said.exitCode : exitCodeOf(verdict),
    ...(reason === undefined ? {} : { reason }),
    finished: said !== undefined,
    cells,
    problems,
  };
}

function problemsOf(run: RunDraft, torn: boolean, journalEnds: string): string[] {
  const problems: string[] = run.gaps.map(({ expected, seq }) => `line ${expected} is missing: number ${seq} comes in its place`);
  if (run.started === undefined) problems.push('no run-started line could be read');
  if (torn) problems.push(`${journalEnds}; what follows cannot be read`);
  const said = run.finished;
  if (said?.verdict === 'passed' && said.exitCode !== 0) problems.push(`the run says passed with exit code ${said.exitCode}`);
  return problems;
}

function runVerdict(run: RunDraft, cells: readonly CellRecord[], problems: readonly string[]): Verdict {
  const verdicts = cells.map(({ verdict }) => verdict);
  if (run.last === undefined || run.started === undefined) return worst(['errored', ...verdicts]);
  if (run.finished === undefined) return worst(['aborted', ...verdicts]);
  const verdict = agreed(run.finished.verdict, [...verdicts, ...(problems.length > 0 ? (['errored'] as const) : [])]);
  // Whatever was asked for and skipped has not been proved: the run as a whole has not passed.
  return verdict === 'passed' && (verdicts.length === 0 || verdicts.includes('skipped')) ? 'skipped' : verdict;
}

function judgeCell(cell: CellDraft, run: RunDraft, over: boolean, journalEnds: string): CellRecord {
  const judged = withExplained([...cell.phases.values()].map((phase) => judgePhase(phase, cutOf(phase, run, journalEnds))));
  const phases = [...judged, ...missingSuites(cell, judged, over, journalEnds)];
  const leases = [...cell.leases.values()].map(({ attempt, ...lease }) => ({ lease, current: attempt === run.attempts }));
  const held = leases.filter(({ lease, current }) => current && lease.state === 'unknown').map(({ lease }) => lease);
  const { verdict, reason } = cellVerdict(cell, phases, held, over, journalEnds);
  return {
    cell: cell.cell,
    axes: cell.axes,
    suites: cell.suites,
    finished: cell.finished !== undefined,
    verdict,
    durationMs: cell.finished?.durationMs ?? elapsed(cell.startedAt, run.last?.at),
    ...(cell.startedAt === undefined ? {} : { startedAt: cell.startedAt }),
    ...(reason === undefined ? {} : { reason }),
    properties: Object.fromEntries(cell.properties),
    leases: leases.map(({ lease }) => lease),
    phases,
    evidence: [...cell.evidence].map(([path, title]) => ({ path, title })),
  };
}

/** A cause is told with what follows from it, so that a reader sees one fault and not all of its consequences. */
function withExplained(phases: readonly PhaseRecord[]): PhaseRecord[] {
  const cases = phases.flatMap((phase) => phase.cases);
  return phases.map((phase) => ({
    ...phase,
    cases: phase.cases.map((each) => {
      const explains = cases.filter(({ blockedBy }) => blockedBy === each.name).map(({ name }) => name);
      return explains.length === 0 ? each : { ...each, explains };
    }),
  }));
}

function cellVerdict(
  cell: CellDraft,
  phases: readonly PhaseRecord[],
  held: readonly LeaseRecord[],
  over: boolean,
  journalEnds: string,
): { verdict: Verdict; reason?: string } {
  const verdicts = phases.map(({ verdict }) => verdict);
  if (cell.finished === undefined) {
    const started = phases.some(({ phase }) => phase !== NOT_RUN);
    const what = cell.startedAt === undefined && !started ? 'never started' : 'has no end';
    const machines = held.length === 0 ? '' : `; its machines may still exist (lease ${held.map(({ lease }) => lease).join(', ')}): proofgrid reap removes them`;
    return { verdict: worst(['aborted', ...verdicts]), reason: `${what}: ${journalEnds}${machines}` };
  }
  const { verdict: said, reason } = cell.finished;
  if (over && held.length > 0) {
    const leases = held.map(({ lease }) => lease).join(', ');
    return { verdict: 'leaked', reason: `lease ${leases} was neither released nor kept: proofgrid reap removes it` };
  }
  const verdict = agreed(said, verdicts);
  const unproved = verdict === 'passed' ? unprovedSuite(phases) : undefined;
  if (unproved !== undefined) return { verdict: 'skipped', reason: `nothing in suite ${unproved} was run` };
  return { verdict: verdict === 'passed' && phases.length === 0 ? 'skipped' : verdict, ...(reason === undefined ? {} : { reason }) };
}

function unprovedSuite(phases: readonly PhaseRecord[]): string | undefined {
  const suites = new Set(phases.map(({ suite }) => suite));
  return [...suites].find((suite) => !phases.some((phase) => phase.suite === suite && phase.verdict === 'passed'));
}

/** A planned suite that left no trace: skipped where the cell had gone wrong before it, a failure where nothing explains it. */
function missingSuites(cell: CellDraft, judged: readonly PhaseRecord[], over: boolean, journalEnds: string): PhaseRecord[] {
  const missing = cell.suites.filter((suite) => !judged.some((phase) => phase.suite === suite));
  if (cell.finished === undefined) return missing.map((suite) => notRun(suite, 'aborted', `not run: ${journalEnds}`));
  const before = worst([cell.finished.verdict, ...judged.map(({ verdict }) => verdict)]);
  const explained = isBad(before) || !over || cell.finished.verdict === 'skipped';
  const message = explained ? `not run: the cell was ${before} before it` : 'planned, and never run';
  const verdict = explained ? 'skipped' : 'failed';
  return missing.map((suite) => notRun(suite, verdict, message));
}

function notRun(suite: string, verdict: Verdict, message: string): PhaseRecord {
  const cases = [{ name: 'suite runs', classname: suite, verdict, durationMs: 0, message, attempts: 0 }];
  return { suite, phase: NOT_RUN, verdict, durationMs: 0, message, cases };
}

/** Where the attempt ended that a phase belongs to. */
function cutOf(phase: PhaseDraft, run: RunDraft, journalEnds: string): string {
  const cut = run.cuts[phase.attempt - 1];
  return cut === undefined ? journalEnds : `an earlier attempt ended at line ${cut.seq} (${cut.type}, ${cut.at})`;
}

function elapsed(from: string | undefined, to: string | undefined): number {
  if (from === undefined || to === undefined) return 0;
  return Math.max(0, Date.parse(to) - Date.parse(from));
}
