import type { CaseResult, JournalWriter, PhaseId, Verdict } from '../journal/event.ts';
import { isBad, worst } from '../journal/verdict.ts';
import { withFullDiskExplained } from '../../lifecycle/disk-full.ts';
import { ProofgridError } from '../../lifecycle/error.ts';

/** What a case reports of itself; name, duration and verdict are added around it. */
export type CaseOutcome = Partial<Omit<CaseResult, 'name' | 'durationMs'>>;

export interface Phase {
  /** Journals start and end of one case; an error becomes its verdict and is thrown on. */
  run<T>(name: string, work: () => Promise<T>, describe?: (value: T) => CaseOutcome): Promise<T>;
  record(result: CaseResult): void;
  finish(): void;
}

/** Opens a phase in the journal. `cases` are the names that must have a result when the phase ends. */
export function openPhase(journal: JournalWriter, id: PhaseId, cases: string[]): Phase {
  const started = performance.now();
  const verdicts: Verdict[] = [];
  journal.write({ type: 'phase-started', ...id, cases });
  const seen = new Set<string>();
  const record = (result: CaseResult) => {
    seen.add(result.name);
    verdicts.push(result.verdict);
    journal.write({ type: 'case-finished', ...id, ...result });
  };
  return {
    record,
    async run(name, work, describe) {
      const begun = performance.now();
      journal.write({ type: 'case-started', ...id, name });
      const elapsed = () => Math.round(performance.now() - begun);
      try {
        const value = await work();
        record({ classname: id.phase, verdict: 'passed', ...describe?.(value), name, durationMs: elapsed() });
        return value;
      } catch (error) {
        record({ name, classname: id.phase, verdict: verdictOf(error), durationMs: elapsed(), message: messageOf(error) });
        throw error;
      }
    },
    finish() {
      const verdict = worst(verdicts);
      // what a bad case kept from running is no fault of its own; without a bad case, a missing result stays one
      const missed = isBad(verdict) ? cases.filter((name) => !seen.has(name)) : [];
      for (const name of missed) record({ name, classname: id.phase, verdict: 'skipped', durationMs: 0, message: `not reached: the phase ${verdict}` });
      journal.write({ type: 'phase-finished', ...id, verdict, durationMs: Math.round(performance.now() - started) });
    },
  };
}

/** An unknown error is a bug of ours, which says nothing about the product: `errored`. */
export function verdictOf(thrown: unknown): Verdict {
  const error = withFullDiskExplained(thrown);
  if (!(error instanceof ProofgridError)) return isAbort(error) ? 'aborted' : 'errored';
  const verdicts = {
    usage: 'errored',
    failed: 'failed',
    infrastructure: 'errored',
    'timed-out': 'timed-out',
    leaked: 'leaked',
    interrupted: 'aborted',
  } as const;
  return verdicts[error.fault];
}

export function messageOf(thrown: unknown): string {
  const error = withFullDiskExplained(thrown);
  if (error instanceof ProofgridError) return error.message;
  if (error instanceof Error) return `${error.name}: ${error.message} (unexpected: please report it)`;
  return `${String(error)} (unexpected: please report it)`;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
