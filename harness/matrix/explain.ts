import { AXES } from './cell.ts';
import type { AxisValues } from './axis.ts';
import { conflictsOf, conflictText } from './constraint.ts';
import { choicesOf, everything, product, type AxisChoices } from './product.ts';
import type { Matrix } from './load.ts';
import type { Tier } from './schema.ts';
import type { Selection } from './select.ts';
import { slugOf } from './slug.ts';

export interface Excluded {
  readonly slug: string;
  readonly axes: AxisValues;
  readonly why: string;
}

/** Why each combination of the matrix that the tier does not run is out: a constraint before a choice of the tier. */
export function explainExcluded({ document }: Matrix, { tier, assignments, cells }: Selection): Excluded[] {
  if (tier === undefined) return [];
  const included = new Set(cells.map(({ cell }) => cell.slug));
  const choices = choicesOf(document, document.tiers[tier], assignments);
  return product(everything(document))
    .filter((values) => !included.has(slugOf(values)))
    .map((values) => ({ slug: slugOf(values), axes: values, why: whyNot(document, values, choices, tier) }));
}

function whyNot(document: Matrix['document'], values: AxisValues, choices: AxisChoices, tier: Tier): string {
  const [conflict] = conflictsOf(document, values);
  if (conflict !== undefined) return `cannot exist: ${conflictText(conflict)}`;
  const axis = AXES.find((one) => !choices[one].includes(values[one]));
  if (axis !== undefined) return `the tier ${tier} runs ${axis} ${choices[axis].join(' and ')} alone`;
  return `the tier ${tier} is ${document.tiers[tier].coverage}: other cells have all that it would add`;
}
