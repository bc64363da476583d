import type { AxisValues } from './axis.ts';
import { conflictsOf } from './constraint.ts';
import { allTuples, tuplesOf, type Strength } from './cover.ts';
import type { Matrix } from './load.ts';
import { everything, product } from './product.ts';
import { slugOf } from './slug.ts';

/** How many of the things that can exist the cells have. */
export interface Share {
  readonly covered: number;
  readonly possible: number;
  /** What is not covered, as text. */
  readonly missing: readonly string[];
}

/** Measured against every combination of the matrix's listed values that no constraint forbids. */
export interface Coverage {
  /** All combinations, also those that cannot exist. */
  readonly combinations: number;
  readonly cells: Omit<Share, 'missing'>;
  readonly values: Share;
  readonly pairs: Share;
}

export function coverageOf({ document }: Matrix, cells: readonly AxisValues[]): Coverage {
  const combinations = product(everything(document));
  const possible = combinations.filter((values) => conflictsOf(document, values).length === 0);
  const planned = new Set(cells.map(slugOf));
  return {
    combinations: combinations.length,
    cells: { covered: possible.filter((values) => planned.has(slugOf(values))).length, possible: possible.length },
    values: share(possible, cells, 1),
    pairs: share(possible, cells, 2),
  };
}

function share(possible: readonly AxisValues[], cells: readonly AxisValues[], strength: Strength): Share {
  const wanted = allTuples(possible, strength);
  const had = new Set(cells.flatMap((values) => tuplesOf(values, strength)));
  const missing = [...wanted].filter((tuple) => !had.has(tuple));
  return { covered: wanted.size - missing.length, possible: wanted.size, missing };
}
