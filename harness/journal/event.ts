/**
 * `passed` · `failed`: the product is wrong · `errored`: the infrastructure is · `timed-out` · `aborted` · `leaked` ·
 * `skipped`, with its reason.
 */
export const VERDICTS = ['passed', 'failed', 'errored', 'timed-out', 'aborted', 'leaked', 'skipped'] as const;
export type Verdict = (typeof VERDICTS)[number];

export const JOURNAL_VERSION = 1;
/** In place of a provider's name: the checks of a cluster that nobody made for them. */
export const EXISTING = 'existing';

/** Names a phase of a suite of a cell. The report's test suite is `<cell>.<suite>.<phase>`. */
export interface PhaseId {
  readonly cell: string;
  readonly suite: string;
  readonly phase: string;
}

/** One line of `journal.jsonl` before its envelope. Durations are milliseconds. */
export type JournalEvent =
  | { type: 'run-started'; run: string; version: string; argv: string[]; provider: string; site?: string | undefined; source?: string | undefined; cells: PlannedCell[] }
  | { type: 'cell-started'; cell: string }
  /** A fact about the cell for the report: axes, versions, digests. */
  | { type: 'property'; cell: string; name: string; value: string }
  | { type: 'lease-acquired'; cell: string; lease: string; provider: string; machines: { name: string; address: string }[] }
  | { type: 'lease-released'; cell: string; lease: string }
  | { type: 'lease-kept'; cell: string; lease: string; until: string }
  /** `cases` are the names known beforehand: what has no result when the phase ends is a failure, never a pass. */
  | ({ type: 'phase-started'; cases: string[] } & PhaseId)
  | ({ type: 'case-started'; name: string } & PhaseId)
  | ({ type: 'case-finished' } & PhaseId & CaseResult)
  /** Something to show now, in the live view and the plain log; of no importance to the verdict. */
  | { type: 'progress'; cell: string; message: string }
  | ({ type: 'phase-finished'; verdict: Verdict; durationMs: number } & PhaseId)
  /** `path` is relative to the run directory. */
  | { type: 'evidence'; cell: string; path: string; title: string }
  | { type: 'cell-finished'; cell: string; verdict: Verdict; durationMs: number; reason?: string }
  | { type: 'run-finished'; verdict: Verdict; exitCode: number; durationMs: number; reason?: string };

export interface PlannedCell {
  readonly cell: string;
  readonly axes: Readonly<Record<string, string>>;
  readonly suites: readonly string[];
}

export interface CaseResult {
  readonly name: string;
  /** Groups cases inside a phase: a host, a role, a tool. */
  readonly classname: string;
  readonly verdict: Verdict;
  readonly durationMs: number;
  /** For `skipped`: the reason. Otherwise what went wrong, one line. */
  readonly message?: string;
  readonly expected?: string;
  readonly observed?: string;
  /** For `skipped`: the case of the same cell whose failure explains what was seen here. */
  readonly blockedBy?: string;
  /** Relative to the run directory. */
  readonly evidence?: string;
  /** `file:line` of what the case judges, where there is one. */
  readonly location?: string;
}

/** The line as written: the event, its number from 1, and when (ISO 8601 UTC). */
export type JournalLine = JournalEvent & { readonly v: typeof JOURNAL_VERSION; readonly seq: number; readonly at: string };

/** What the engine writes to. `write` returns after the line has reached the file. */
export interface JournalWriter {
  write(event: JournalEvent): void;
  /** From now on each of these strings is masked in every event. */
  mask(secret: string): void;
}
