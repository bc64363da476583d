import { listed } from '../../harness/matrix/axis.ts';
import type { Axis } from '../../harness/matrix/cell.ts';
import { loadMatrix, type Matrix } from '../../harness/matrix/load.ts';
import { selectCells } from '../../harness/matrix/select.ts';
import { ProofgridError } from '../../lifecycle/error.ts';

const matrix: Matrix = await loadMatrix();

export function valuesOf(axis: Axis, { withoutDefault = false } = {}): readonly string[] {
  const { default: usual } = matrix.document.axes[axis];
  return listed(matrix.document, axis).filter((value) => !withoutDefault || value !== usual);
}

/** The newest release of each minor that the matrix lists, in its order. */
export function newestOfEachMinor(): string[] {
  const minorOf = (version: string) => version.split('.').slice(0, 2).join('.');
  return [...new Map(valuesOf('kubernetes').map((version) => [minorOf(version), version])).values()];
}

/**
 * Words of `--set` for a cell that can exist: these, and the first etcd and runtime that go with them where the defaults do
 * not. Throws the matrix' own reason when none does.
 */
export function settable(topology: string, wanted: readonly string[]): string[] {
  const free = (axis: Axis) => (wanted.some((word) => word.startsWith(`${axis}=`)) ? [[]] : [[], ...valuesOf(axis).map((value) => [`${axis}=${value}`])]);
  let refused: unknown;
  for (const runtime of free('runtime')) {
    for (const etcd of free('etcd')) {
      const set = [...wanted, ...etcd, ...runtime];
      try {
        selectCells(matrix, { names: [topology], set });
        return set;
      } catch (error) {
        if (!(error instanceof ProofgridError) || error.code !== 'MATRIX_CELL_IMPOSSIBLE') throw error;
        refused ??= error;
      }
    }
  }
  throw refused;
}

/** Whether a cell can exist with these, and whatever goes with them on the other axes. */
export function possible(topology: string, wanted: readonly string[]): boolean {
  try {
    return settable(topology, wanted).length > 0;
  } catch (error) {
    if (error instanceof ProofgridError) return false;
    throw error;
  }
}
