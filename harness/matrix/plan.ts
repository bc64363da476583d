import { perAxis } from './axis.ts';
import type { Axis, Cell } from './cell.ts';
import { coverageOf, type Coverage } from './coverage.ts';
import { explainExcluded, type Excluded } from './explain.ts';
import type { Matrix } from './load.ts';
import { select, type Wish } from './select.ts';

export interface PlannedCell extends Cell {
  /** Why the cell is in; only when that was asked for. */
  readonly why?: string;
}

/** What a run would do, as `proofgrid plan --format json` prints it. */
export interface Plan {
  readonly apiVersion: 'proofgrid.dev/v1alpha1';
  readonly kind: 'Plan';
  readonly matrix: string;
  /** The tier that chose the cells; absent when they were named. */
  readonly tier?: string;
  readonly set: { readonly [axis in Axis]?: string };
  readonly cells: readonly PlannedCell[];
  readonly excluded?: readonly Excluded[];
  readonly coverage?: Coverage;
}

/** Throws the usage errors of `selectCells`. */
export function makePlan(matrix: Matrix, wish: Wish, asked: { readonly explain: boolean; readonly coverage: boolean }): Plan {
  const selection = select(matrix, wish);
  return {
    apiVersion: 'proofgrid.dev/v1alpha1',
    kind: 'Plan',
    matrix: matrix.file,
    ...(selection.tier !== undefined && { tier: selection.tier }),
    set: selection.assignments,
    cells: selection.cells.map(({ cell, why }) => ({ ...cell, ...(asked.explain && { why }) })),
    ...(asked.explain && { excluded: explainExcluded(matrix, selection) }),
    ...(asked.coverage && { coverage: coverageOf(matrix, selection.cells.map(({ cell }) => perAxis((axis) => cell.axes[axis]))) }),
  };
}
