import type { CaseDraft, PhaseDraft } from './draft.ts';
import type { CaseRecord, PhaseRecord } from './record.ts';
import { agreed, worst } from './verdict.ts';

/** @param cut where the journal ends, for what has no end of its own */
export function judgePhase(phase: PhaseDraft, cut: string): PhaseRecord {
  const missing = missingCases(phase, cut);
  const replaced = new Set(missing.map(({ name }) => name));
  const present = [...phase.cases.values()].flat().filter(({ name }) => !replaced.has(name));
  const cases = [...present.map((each) => judgeCase(each, phase, cut)), ...missing];
  const verdicts = cases.map(({ verdict }) => verdict);
  const { verdict, message } = phaseVerdict(phase, verdicts, cut);
  return {
    suite: phase.suite,
    phase: phase.phase,
    verdict,
    durationMs: phase.finished?.durationMs ?? cases.reduce((sum, { durationMs }) => sum + durationMs, 0),
    ...(phase.startedAt === undefined ? {} : { startedAt: phase.startedAt }),
    ...(message === undefined ? {} : { message }),
    cases,
  };
}

function phaseVerdict(phase: PhaseDraft, verdicts: readonly CaseRecord['verdict'][], cut: string): Pick<PhaseRecord, 'verdict' | 'message'> {
  if (phase.finished === undefined) return { verdict: worst(['aborted', ...verdicts]), message: `has no end: ${cut}` };
  if (verdicts.length === 0 && phase.finished.verdict === 'passed') {
    return { verdict: 'failed', message: 'says passed without a single case: nothing was proved' };
  }
  const byCases = worst(verdicts);
  const verdict = agreed(phase.finished.verdict, verdicts);
  if (verdict === 'passed' && byCases === 'skipped') return { verdict: 'skipped', message: 'every case was skipped' };
  return verdict === byCases ? { verdict } : { verdict, message: `the phase itself ended ${verdict}` };
}

function judgeCase(draft: CaseDraft, phase: PhaseDraft, cut: string): CaseRecord {
  if (draft.result === undefined) {
    const message = phase.finished === undefined ? `started and has no end: ${cut}` : 'started and has no end, though its phase has one';
    return { name: draft.name, classname: phase.suite, verdict: 'aborted', durationMs: 0, message, attempts: draft.attempts };
  }
  const { name, classname, verdict, durationMs, message, expected, observed, blockedBy, evidence, location } = draft.result;
  return {
    name,
    classname,
    verdict,
    durationMs,
    ...(message === undefined ? {} : { message }),
    ...(expected === undefined ? {} : { expected }),
    ...(observed === undefined ? {} : { observed }),
    ...(blockedBy === undefined ? {} : { blockedBy }),
    ...(evidence === undefined ? {} : { evidence }),
    ...(location === undefined ? {} : { location }),
    attempts: draft.attempts,
  };
}

/** Names that the phase announced and that never came: no result is never a pass, nor is an earlier attempt's. */
function missingCases(phase: PhaseDraft, cut: string): CaseRecord[] {
  const seen = (name: string) => phase.cases.get(name)?.some(({ generation }) => generation >= phase.announcedIn) === true;
  const missing = [...new Set(phase.announced)].filter((name) => !seen(name));
  const over = phase.finished !== undefined;
  return missing
    .filter((name) => over || !phase.cases.has(name))
    .map((name) => ({
      name,
      classname: phase.suite,
      verdict: over ? ('failed' as const) : ('aborted' as const),
      durationMs: 0,
      message: over ? 'no result' : `not run: ${cut}`,
      attempts: 0,
    }));
}
