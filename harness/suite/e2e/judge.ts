import type { Observation } from '../check.ts';

/** Green without complaints; `fine` says what was found then, and what is expected always. */
export function judgeComplaints(fine: string, complaints: readonly string[]): Observation {
  const shown = complaints.slice(0, 8).join('; ');
  const more = complaints.length > 8 ? ` and ${complaints.length - 8} more` : '';
  return { passed: complaints.length === 0, expected: fine, observed: complaints.length === 0 ? fine : `${shown}${more}` };
}
