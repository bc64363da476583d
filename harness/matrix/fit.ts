import { listed, type AxisValues } from './axis.ts';
import type { Axis } from './cell.ts';
import { conflictsOf } from './constraint.ts';
import { choicesOf, product, type Assignments } from './product.ts';
import type { MatrixDocument, TierDocument } from './schema.ts';

/** Axes whose values go with some Kubernetes versions and not with others. */
const FITTING: readonly Axis[] = ['etcd', 'runtime'];

/**
 * The combination with other values on axes that nobody named, where its Kubernetes refuses their defaults: the newest
 * that it takes. So `--set kubernetes=1.20` needs no `--set etcd=…` beside it.
 * @param named axes whose values were asked for; they stay
 */
export function fitDefaults(document: MatrixDocument, values: AxisValues, named: { readonly [axis in Axis]?: unknown }): AxisValues {
  return FITTING.filter((axis) => named[axis] === undefined).reduce((current, axis) => {
    const conflicts = conflictsOf(document, current).length;
    if (conflicts === 0) return current;
    const other = listed(document, axis).toReversed().map((value) => ({ ...current, [axis]: value }));
    return other.find((candidate) => conflictsOf(document, candidate).length < conflicts) ?? current;
  }, values);
}

/** Every combination that a tier considers. */
export function combinationsOf(document: MatrixDocument, tier: TierDocument, set: Assignments = {}): AxisValues[] {
  return product(choicesOf(document, tier, set)).map((values) => fitDefaults(document, values, { ...tier.axes, ...set }));
}
