import type { Verdict } from '../journal/event.ts';
import { exitCodeOf } from '../journal/verdict.ts';
import { duration } from '../report/duration.ts';

export interface RunLimit {
  /** Aborted by the one that was given, or when the time is over. */
  readonly signal: AbortSignal;
  /** Why the run as a whole ended as it did; undefined while the limit is not met. */
  reason(): string | undefined;
  /** Cells that the limit ended are `aborted`, as by an interruption; the exit code says that it was the limit. */
  exitCode(verdict: Verdict): number;
  end(): void;
}

/** A time limit for a whole run. Ends cells as an interruption does: a little evidence, and no machine stays. */
export function runLimit(interruption: AbortSignal, timeoutMs: number | undefined): RunLimit {
  const time = new AbortController();
  // verdicts and messages of what it ends follow an abort's name
  const end = () => time.abort(new DOMException(`the limit of the run, ${duration(timeoutMs ?? 0)}, is over`, 'AbortError'));
  const timer = timeoutMs === undefined ? undefined : setTimeout(end, timeoutMs);
  const met = () => time.signal.aborted && !interruption.aborted;
  return {
    signal: AbortSignal.any([interruption, time.signal]),
    reason: () => (met() ? (time.signal.reason as Error).message : undefined),
    exitCode: (verdict) => (met() && verdict === 'aborted' ? exitCodeOf('timed-out') : exitCodeOf(verdict)),
    end: () => clearTimeout(timer),
  };
}
