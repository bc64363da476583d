import type { CaseResult, PlannedCell, Verdict } from './event.ts';

/** What a journal says about one case, the last attempt's result. */
export interface CaseRecord extends CaseResult {
  /** Times it was run, resumed runs included; 0 for one that never was. */
  readonly attempts: number;
  /** Names of the cell's cases that were skipped because this one failed; absent when there are none. */
  readonly explains?: readonly string[];
}

export interface PhaseRecord {
  readonly suite: string;
  readonly phase: string;
  readonly verdict: Verdict;
  /** Milliseconds. */
  readonly durationMs: number;
  readonly startedAt?: string;
  /** What is wrong with the phase itself, when its cases do not say it. */
  readonly message?: string;
  readonly cases: readonly CaseRecord[];
}

export interface LeaseRecord {
  readonly lease: string;
  readonly provider: string;
  readonly machines: readonly { readonly name: string; readonly address: string }[];
  /** `unknown`: the journal ends before the lease did. */
  readonly state: 'released' | 'kept' | 'unknown';
  readonly until?: string;
}

export interface EvidenceRecord {
  /** Relative to the run directory. */
  readonly path: string;
  readonly title: string;
}

export interface CellRecord extends PlannedCell {
  /** The journal has the cell's end. */
  readonly finished: boolean;
  readonly verdict: Verdict;
  readonly durationMs: number;
  readonly startedAt?: string;
  readonly reason?: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly leases: readonly LeaseRecord[];
  readonly phases: readonly PhaseRecord[];
  readonly evidence: readonly EvidenceRecord[];
}

/** Everything that reports know; derived from a journal by `replay` and from nothing else. */
export interface RunRecord {
  readonly run: string;
  readonly version: string;
  readonly argv: readonly string[];
  readonly provider: string;
  /** Of the provider kubevirt: a shipped site's name, or a file. */
  readonly site?: string;
  /** Where releases came from: `go-module` or `upstream`. */
  readonly source?: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly durationMs: number;
  /** 1, and one more for every `--resume`. */
  readonly attempts: number;
  /** `passed` only when the journal is whole, says so, and all that was planned agrees. */
  readonly verdict: Verdict;
  readonly exitCode: number;
  readonly reason?: string;
  /** The journal has the run's end. */
  readonly finished: boolean;
  readonly cells: readonly CellRecord[];
  /** What is wrong with the journal itself. */
  readonly problems: readonly string[];
}

/** Without the suites that an unfinished cell never reached: its own reason says already that nothing came after it. */
export function reachedPhases({ finished, phases }: Pick<CellRecord, 'finished' | 'phases'>): readonly PhaseRecord[] {
  return finished ? phases : phases.filter(({ phase }) => phase !== NOT_RUN);
}

/** Name of the phase that stands for a planned suite that left no trace. */
export const NOT_RUN = 'not-run';

export function casesOf(record: RunRecord): CaseRecord[] {
  return record.cells.flatMap(({ phases }) => phases.flatMap(({ cases }) => cases));
}
