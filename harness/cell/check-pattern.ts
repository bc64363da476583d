import { ProofgridError } from '../../lifecycle/error.ts';
import type { CheckPhase } from '../suite/e2e/checks.ts';

/** Which checks a person asked for. */
export interface CheckPattern {
  readonly text: string;
  matches(name: string): boolean;
}

/** Words, one of which must occur in a check's name; `*` stands for any characters, case does not count. */
export function checkPattern(text: string): CheckPattern {
  const words = text.split(',').map((word) => word.trim()).filter((word) => word !== '');
  if (words.length === 0) throw refused('the pattern of -k is empty', 'name a part of a check, for example -k dns');
  // each part between stars must come after the one before it: no expression that a pattern could make slow
  const parts = words.map((word) => word.toLowerCase().split('*'));
  return { text, matches: (name) => parts.some((each) => inOrder(name.toLowerCase(), each)) };
}

function inOrder(name: string, parts: readonly string[]): boolean {
  let from = 0;
  for (const part of parts) {
    const found = name.indexOf(part, from);
    if (found < 0) return false;
    from = found + part.length;
  }
  return true;
}

/** The phases that still have checks. */
export function matchingPhases(phases: readonly CheckPhase[], pattern: CheckPattern | undefined): readonly CheckPhase[] {
  if (pattern === undefined) return phases;
  return phases.map((phase) => ({ ...phase, checks: phase.checks.filter(({ name }) => pattern.matches(name)) })).filter(({ checks }) => checks.length > 0);
}

/** @throws ProofgridError when nothing would be checked: a run that proves nothing is not what anyone asks for */
export function refuseUnmatched(pattern: CheckPattern, phases: readonly CheckPhase[], suites: readonly string[]): void {
  if (!suites.includes('e2e')) throw refused(`-k ${pattern.text} selects checks of the suite e2e, which none of these cells runs`, 'add --suite lifecycle,e2e');
  if (matchingPhases(phases, pattern).length > 0) return;
  const names = phases.flatMap(({ checks }) => checks.map(({ name }) => name));
  throw refused(`no check matches -k ${pattern.text}`, `choose a part of one of: ${names.join(', ')}`);
}

function refused(what: string, remedy: string): ProofgridError {
  return new ProofgridError({ code: 'RUN_CHECKS_UNMATCHED', fault: 'usage', what, remedy });
}
