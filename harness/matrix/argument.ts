import { ProofgridError } from '../../lifecycle/error.ts';
import { closest } from '../../lifecycle/suggest.ts';
import { resolveAlias } from './alias.ts';
import { accepts } from './axis.ts';
import { AXES, type Axis } from './cell.ts';
import type { Assignments } from './product.ts';
import type { Matrix } from './load.ts';
import { adviceOn } from './references.ts';
import { SUITES, TIERS, type Suite, type Tier } from './schema.ts';

/** Reads `--set axis=value` words. Throws a usage error for an unknown axis or value, and for an axis that is set twice. */
export function parseAssignments({ document }: Matrix, words: readonly string[]): Assignments {
  const assignments: { [axis in Axis]?: string } = {};
  for (const word of words) {
    const equals = word.indexOf('=');
    if (equals < 1) throw usage('SET_MALFORMED', `--set ${JSON.stringify(word)} is no axis=value`, 'write for example --set os=debian-13');
    const axis = oneOf(AXES, word.slice(0, equals), 'axis');
    const value = resolveAlias(document.versions, axis, word.slice(equals + 1));
    if (assignments[axis] !== undefined) throw usage('SET_TWICE', `--set names the axis ${axis} twice`, 'keep one of them');
    if (!accepts(document, axis, value)) {
      throw usage('MATRIX_UNKNOWN_VALUE', `${axis} has no value ${JSON.stringify(value)}`, adviceOn(document, axis, value));
    }
    assignments[axis] = value;
  }
  return assignments;
}

/** Names of suites, also several in one word with commas between them, in the order they run. */
export function parseSuites(words: readonly string[]): readonly Suite[] {
  const asked = new Set(words.flatMap((word) => word.split(',')).map((word) => oneOf(SUITES, word.trim(), 'suite')));
  if (asked.size === 0) throw usage('SUITE_MISSING', 'no suite is named', `use one of ${SUITES.join(', ')}`);
  return SUITES.filter((suite) => asked.has(suite));
}

export function parseTier(word: string): Tier {
  return oneOf(TIERS, word, 'tier');
}

function oneOf<T extends string>(known: readonly T[], word: string, noun: string): T {
  const found = known.find((one) => one === word);
  if (found !== undefined) return found;
  const near = closest(word, known);
  throw usage(
    `UNKNOWN_${noun.toUpperCase()}`,
    `there is no ${noun} ${JSON.stringify(word)}`,
    `${near === undefined ? '' : `did you mean ${near}? Otherwise `}use one of ${known.join(', ')}`,
  );
}

function usage(code: string, what: string, remedy: string): ProofgridError {
  return new ProofgridError({ code, fault: 'usage', what, remedy });
}
