import type { Verdict } from './event.ts';

/**
 * From harmless to worst. `leaked` leads because somebody must act on the machine itself; `aborted` comes next because
 * nothing said about an incomplete run is final.
 */
const SEVERITY = {
  skipped: 0,
  passed: 1,
  errored: 2,
  'timed-out': 3,
  failed: 4,
  aborted: 5,
  leaked: 6,
} as const satisfies Record<Verdict, number>;

/**
 * The worst of several verdicts. A skipped part is neutral beside others; all skipped is `skipped`, and so is nothing
 * at all: neither has proved anything.
 */
export function worst(verdicts: Iterable<Verdict>): Verdict {
  let found: Verdict = 'skipped';
  for (const verdict of verdicts) if (SEVERITY[verdict] > SEVERITY[found]) found = verdict;
  return found;
}

/** What something says of itself together with its parts: it can be worse than they are, never better. */
export function agreed(said: Verdict, parts: readonly Verdict[]): Verdict {
  const verdict = worst([said, ...parts]);
  return verdict === 'passed' && said === 'skipped' ? 'skipped' : verdict;
}

const EXIT_CODES = {
  passed: 0,
  failed: 1,
  skipped: 1,
  errored: 3,
  'timed-out': 4,
  leaked: 5,
  aborted: 130,
} as const satisfies Record<Verdict, number>;

/** Exit code of DESIGN.md's table. `skipped` is 1: what was asked for did not run, so it is never 0. */
export function exitCodeOf(verdict: Verdict): number {
  return EXIT_CODES[verdict];
}

/** Neither a proof nor deliberately left out. */
export function isBad(verdict: Verdict): boolean {
  return verdict !== 'passed' && verdict !== 'skipped';
}
