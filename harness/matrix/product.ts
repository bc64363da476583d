import { AXES, type Axis } from './cell.ts';
import { listed, perAxis, type AxisValues } from './axis.ts';
import type { MatrixDocument, TierDocument } from './schema.ts';

/** More combinations than anybody could run; planning them all must stay quick. */
export const LARGEST_PRODUCT = 20_000;

export type AxisChoices = Readonly<Record<Axis, readonly string[]>>;

/** Values that the command line puts in place of the tier's or the default. */
export type Assignments = { readonly [axis in Axis]?: string };

/** What the tier takes on every axis; an axis that it does not name keeps its default, and what is set goes before both. */
export function choicesOf(document: MatrixDocument, tier: TierDocument, set: Assignments = {}): AxisChoices {
  return perAxis((axis) => {
    const assigned = set[axis];
    if (assigned !== undefined) return [assigned];
    const choice = tier.axes[axis];
    if (choice === undefined) return [document.axes[axis].default];
    return choice === 'all' ? listed(document, axis) : choice;
  });
}

export function everything(document: MatrixDocument): AxisChoices {
  return perAxis((axis) => listed(document, axis));
}

export function sizeOf(choices: AxisChoices): number {
  return AXES.reduce((size, axis) => size * choices[axis].length, 1);
}

/** Every combination of the chosen values, in the file's order: the topology changes slowest, then the system. */
export function product(choices: AxisChoices): AxisValues[] {
  const order: readonly Axis[] = ['topology', ...AXES.filter((axis) => axis !== 'topology')];
  return order.reduce<Partial<AxisValues>[]>(
    (partial, axis) => partial.flatMap((values) => choices[axis].map((value) => ({ ...values, [axis]: value }))),
    [{}],
  ) as AxisValues[];
}
