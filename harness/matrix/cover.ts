import { AXES } from './cell.ts';
import type { AxisValues } from './axis.ts';

/** How many axes are looked at together: 1 for each value alone, 2 for each pair of values, 3 for each three. */
export type Strength = 1 | 2 | 3;

/** A combination, and how many tuples no combination chosen before it had. */
export interface Chosen {
  readonly values: AxisValues;
  readonly gained: number;
}

/** The tuples of a combination as text, fit for a set: `os=debian-12`, or `os=debian-12 runtime=docker`. */
export function tuplesOf(values: AxisValues, strength: Strength): string[] {
  const single = AXES.map((axis) => `${axis}=${values[axis]}`);
  let tuples = single.map((text, index) => ({ text, index }));
  for (let size = 1; size < strength; size += 1) {
    tuples = tuples.flatMap(({ text, index }) => single.slice(index + 1).map((next, offset) => ({ text: `${text} ${next}`, index: index + 1 + offset })));
  }
  return tuples.map(({ text }) => text);
}

export function allTuples(combinations: readonly AxisValues[], strength: Strength): Set<string> {
  return new Set(combinations.flatMap((values) => tuplesOf(values, strength)));
}

/**
 * Few of the candidates that together have every tuple that any candidate has: each choice is the first one that adds
 * the most (the greedy algorithm for set cover). What candidates lack cannot exist and is not missed.
 * @param already combinations that run anyway
 */
export function cover(candidates: readonly AxisValues[], strength: Strength, already: readonly AxisValues[]): Chosen[] {
  const covered = allTuples(already, strength);
  const chosen: Chosen[] = [];
  const tuples = candidates.map((values) => tuplesOf(values, strength));
  const most = Math.max(0, ...tuples.slice(0, 1).map(({ length }) => length));
  // What a candidate would add only ever shrinks, so one pass for each number, downwards, always picks the best.
  for (let wanted = most; wanted > 0; wanted -= 1) {
    candidates.forEach((values, index) => {
      const fresh = (tuples[index] ?? []).filter((tuple) => !covered.has(tuple));
      if (fresh.length < wanted) return;
      for (const tuple of fresh) covered.add(tuple);
      chosen.push({ values, gained: fresh.length });
    });
  }
  return chosen;
}
