import { closest } from '../../lifecycle/suggest.ts';
import { accepts, listed } from './axis.ts';
import { AXES, type Axis } from './cell.ts';
import { parseEngineCondition, runtimeOf } from './runtime.ts';
import { alternatives } from './constraint.ts';
import type { Problem } from './problem.ts';
import { TIERS, type MatrixDocument } from './schema.ts';
import { isRange, isValidRange } from './version.ts';

/** Values that defaults, constraints and tiers name and that no axis has. */
export function referenceProblems(document: MatrixDocument): Problem[] {
  return [...defaults(document), ...constraints(document), ...tiers(document), ...addOns(document)];
}

function unknown(document: MatrixDocument, axis: Axis, value: string, path: readonly PropertyKey[]): Problem[] {
  if (accepts(document, axis, value)) return [];
  return [{ path, code: 'MATRIX_UNKNOWN_VALUE', what: `${axis} has no value ${JSON.stringify(value)}`, remedy: adviceOn(document, axis, value) }];
}

/** What to write instead of a value that an axis does not have. */
export function adviceOn(document: MatrixDocument, axis: Axis, value: string): string {
  const values = listed(document, axis);
  // One version for another is no slip of the finger.
  const near = /^[\d.]+$/.test(value) ? undefined : closest(value, values);
  const choice = `use one of ${values.join(', ')}${OTHERS[axis] ?? ''}`;
  return near === undefined ? choice : `did you mean ${near}? Otherwise ${choice}`;
}

/** What an axis takes beside the values that it lists. */
const OTHERS: { readonly [axis in Axis]?: string } = {
  kubernetes: ', latest or a minor such as 1.37 for the newest of them, or a full version such as 1.37.2',
  etcd: ', a minor such as 3.6 for the newest of it, or a full version such as 3.6.16',
  runtime: ', or a containerd release such as containerd-2.4.2',
};

function defaults(document: MatrixDocument): Problem[] {
  return AXES.flatMap((axis) => unknown(document, axis, document.axes[axis].default, ['axes', axis, 'default']));
}

function constraints(document: MatrixDocument): Problem[] {
  return document.constraints.flatMap(({ exclude }, index) => {
    const path = ['constraints', index, 'exclude'];
    const axes = AXES.filter((axis) => exclude[axis] !== undefined);
    if (axes.length === 0) {
      return [{ path, code: 'MATRIX_EMPTY_CONSTRAINT', what: 'the constraint would exclude every cell', remedy: 'name the axes that it is about' }];
    }
    return axes.flatMap((axis) => {
      const condition = exclude[axis] ?? [];
      return alternatives(condition).flatMap((one, position) =>
        conditionProblems(document, axis, one, typeof condition === 'string' ? [...path, axis] : [...path, axis, position]));
    });
  });
}

function conditionProblems(document: MatrixDocument, axis: Axis, condition: string, path: readonly PropertyKey[]): Problem[] {
  const engine = axis === 'runtime' ? parseEngineCondition(condition)?.engine : undefined;
  if (engine !== undefined && listed(document, axis).some((name) => runtimeOf(document, name).runtime === engine)) return [];
  if (!isRange(condition)) return unknown(document, axis, condition, path);
  if ((axis === 'kubernetes' || axis === 'etcd') && isValidRange(condition)) return [];
  return [{
    path,
    code: 'MATRIX_BAD_RANGE',
    what: `${JSON.stringify(condition)} is no range of ${axis}`,
    remedy: 'only kubernetes and etcd have ranges, of minors or patches, such as ">=1.24"',
  }];
}

function tiers(document: MatrixDocument): Problem[] {
  return TIERS.flatMap((tier) => [
    ...AXES.flatMap((axis) => {
      const choice = document.tiers[tier].axes[axis];
      return Array.isArray(choice)
        ? choice.flatMap((value, index) => unknown(document, axis, value, ['tiers', tier, 'axes', axis, index]))
        : [];
    }),
    ...document.tiers[tier].include.flatMap((cell, index) =>
      AXES.flatMap((axis) => {
        const value = cell[axis];
        return value === undefined ? [] : unknown(document, axis, value, ['tiers', tier, 'include', index, axis]);
      })),
  ]);
}

/** Topologies that an add-on names. */
function addOns(document: MatrixDocument): Problem[] {
  return (['policy', 'metrics', 'storage'] as const).flatMap((name) => {
    const wanted = document[name];
    const topologies = 'topologies' in wanted ? (wanted.topologies ?? []) : [];
    return topologies.flatMap((topology, index) => unknown(document, 'topology', topology, [name, 'topologies', index]));
  });
}
