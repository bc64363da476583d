import { withDefaults, type AxisValues } from './axis.ts';
import { buildCell } from './build.ts';
import type { Cell } from './cell.ts';
import { conflictsOf, type Conflict } from './constraint.ts';
import { cover } from './cover.ts';
import type { Matrix } from './load.ts';
import { combinationsOf, fitDefaults } from './fit.ts';
import type { Assignments } from './product.ts';
import type { Tier, TierDocument } from './schema.ts';
import { slugOf } from './slug.ts';

/** A combination that runs, and why. */
export interface Reasoned {
  readonly values: AxisValues;
  readonly why: string;
}

/** What became of every combination that a tier considers. */
export interface Expansion {
  readonly included: readonly Reasoned[];
  /** Combinations that cannot exist. */
  readonly forbidden: readonly { readonly values: AxisValues; readonly conflicts: readonly Conflict[] }[];
}

/** All cells of a tier, in the order of the file. */
export function expandCells(matrix: Matrix, tier: Tier): Cell[] {
  const suites = suitesOf(matrix, tier);
  return expandTier(matrix, tier).included.map(({ values }) => buildCell(matrix, values, suites));
}

export function suitesOf({ document }: Matrix, tier: Tier | undefined): readonly string[] {
  return (tier === undefined ? undefined : document.tiers[tier].suites) ?? document.suites;
}

export function expandTier({ document }: Matrix, tier: Tier, set: Assignments = {}): Expansion {
  const rules = document.tiers[tier];
  const judged = combinationsOf(document, rules, set).map((values) => ({ values, conflicts: conflictsOf(document, values) }));
  const possible = judged.filter(({ conflicts }) => conflicts.length === 0).map(({ values }) => values);
  const pinned = rules.include
    .map((cell) => fitDefaults(document, withDefaults(document, { ...cell, ...set }), { ...cell, ...set }))
    .filter((values) => conflictsOf(document, values).length === 0)
    .map((values) => ({ values, why: 'the tier includes it by name' }));
  return {
    included: unique([...pinned, ...covering(rules, possible, pinned.map(({ values }) => values))]),
    forbidden: judged.filter(({ conflicts }) => conflicts.length > 0),
  };
}

function covering({ coverage }: TierDocument, possible: readonly AxisValues[], pinned: readonly AxisValues[]): Reasoned[] {
  if (coverage === 'full') return possible.map((values) => ({ values, why: 'the tier takes every cell of its values' }));
  const { strength, tuple } = COVERS[coverage];
  return cover(possible, strength, pinned).map(({ values, gained }) => ({
    values,
    why: `${gained} ${tuple}${gained === 1 ? '' : 's'} of values that no cell before it has`,
  }));
}

const COVERS = {
  threewise: { strength: 3, tuple: 'triple' },
  pairwise: { strength: 2, tuple: 'pair' },
  each: { strength: 1, tuple: 'value' },
} as const;

function unique(cells: readonly Reasoned[]): Reasoned[] {
  return [...new Map(cells.toReversed().map((cell) => [slugOf(cell.values), cell])).values()].toReversed();
}
