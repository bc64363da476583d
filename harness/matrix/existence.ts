import { withDefaults, type AxisValues } from './axis.ts';
import { conflictsOf } from './constraint.ts';
import { repeated, type Problem } from './problem.ts';
import { combinationsOf, fitDefaults } from './fit.ts';
import { everything, LARGEST_PRODUCT, product, sizeOf } from './product.ts';
import { TIERS, type MatrixDocument } from './schema.ts';
import { slugOf } from './slug.ts';

/** Cells that the file promises and that cannot exist. The document's names must be right already. */
export function existenceProblems(document: MatrixDocument): Problem[] {
  const size = sizeOf(everything(document));
  if (size > LARGEST_PRODUCT) {
    return [{
      path: ['axes'],
      code: 'MATRIX_TOO_LARGE',
      what: `the axes make ${size} combinations, more than ${LARGEST_PRODUCT}`,
      remedy: 'take values away',
    }];
  }
  return [...forbiddenDefaults(document), ...forbiddenIncludes(document), ...emptyTiers(document), ...collisions(document)];
}

function forbidden(document: MatrixDocument, values: AxisValues, path: readonly PropertyKey[], noun: string): Problem[] {
  const [conflict] = conflictsOf(document, values);
  if (conflict === undefined) return [];
  return [{ path, code: 'MATRIX_CELL_FORBIDDEN', what: `${noun} cannot exist: ${conflict.reason}`, remedy: `change it, or the constraint ${conflict.constraint}` }];
}

/** `proofgrid run <topology>` must always name a cell that can exist. */
function forbiddenDefaults(document: MatrixDocument): Problem[] {
  return document.axes.topology.values.flatMap(({ name }, index) =>
    forbidden(document, withDefaults(document, { topology: name }), ['axes', 'topology', 'values', index, 'name'], `the default cell of the topology ${name}`));
}

function forbiddenIncludes(document: MatrixDocument): Problem[] {
  return TIERS.flatMap((tier) => document.tiers[tier].include.flatMap((cell, index) =>
    forbidden(document, fitDefaults(document, withDefaults(document, cell), cell), ['tiers', tier, 'include', index], 'the included cell')));
}

/** A tier that runs nothing would always pass. */
function emptyTiers(document: MatrixDocument): Problem[] {
  return TIERS.flatMap((tier) => {
    if (document.tiers[tier].include.length > 0) return [];
    const possible = combinationsOf(document, document.tiers[tier]).some((values) => conflictsOf(document, values).length === 0);
    return possible ? [] : [{ path: ['tiers', tier], code: 'MATRIX_EMPTY_TIER', what: `no cell of the tier ${tier} can exist`, remedy: 'choose other values, or change a constraint' }];
  });
}

function collisions(document: MatrixDocument): Problem[] {
  const slugs = product(everything(document)).map(slugOf);
  return repeated(slugs, () => ['axes', 'topology'], 'the slug');
}
