import { ProofgridError } from '../../lifecycle/error.ts';
import { closest } from '../../lifecycle/suggest.ts';
import { parseAssignments, parseSuites, parseTier } from './argument.ts';
import { listed, withDefaults, type AxisValues } from './axis.ts';
import { buildCell } from './build.ts';
import { AXES, type Cell } from './cell.ts';
import { conflictsOf, conflictText, type Conflict } from './constraint.ts';
import { expandTier, suitesOf, type Reasoned } from './expand.ts';
import type { Matrix } from './load.ts';
import { fitDefaults } from './fit.ts';
import { everything, product, type Assignments } from './product.ts';
import type { Tier } from './schema.ts';
import { slugOf } from './slug.ts';

/** What the command line asks for. */
export interface Wish {
  /** Slugs, or names of topologies with the default on every other axis. Empty: the cells of the tier. */
  readonly names?: readonly string[];
  /** `axis=value`, each axis once: takes the place of the default, and of the tier's values. */
  readonly set?: readonly string[];
  /** Without names and without a tier: smoke. With names a tier only says which suites run. */
  readonly tier?: string;
  /** Instead of the tier's, or of the matrix's. */
  readonly suites?: readonly string[];
}

export interface Selection {
  /** The tier that chose the cells; undefined when they were named. */
  readonly tier: Tier | undefined;
  readonly assignments: Assignments;
  readonly cells: readonly { readonly cell: Cell; readonly why: string }[];
}

/** The cells asked for, each once. Throws a usage error for a name, value or suite that does not exist, and for a cell that cannot. */
export function selectCells(matrix: Matrix, wish: Wish): Cell[] {
  return select(matrix, wish).cells.map(({ cell }) => cell);
}

export function select(matrix: Matrix, { names = [], set = [], tier: tierName, suites }: Wish): Selection {
  const tier = tierName === undefined ? undefined : parseTier(tierName);
  const assignments = parseAssignments(matrix, set);
  const running = suites === undefined ? suitesOf(matrix, tier) : parseSuites(suites);
  const choosing = names.length > 0 ? undefined : (tier ?? 'smoke');
  const chosen = choosing === undefined ? named(matrix, names, assignments) : tiered(matrix, choosing, assignments);
  return {
    tier: choosing,
    assignments,
    cells: chosen.map(({ values, why }) => ({ cell: buildCell(matrix, values, running), why })),
  };
}

function tiered(matrix: Matrix, tier: Tier, assignments: Assignments): readonly Reasoned[] {
  const { included, forbidden } = expandTier(matrix, tier, assignments);
  const [first] = forbidden;
  if (included.length === 0 && first !== undefined) throw impossible(`no cell of the tier ${tier} can exist`, first.values, first.conflicts);
  return included;
}

function named(matrix: Matrix, names: readonly string[], assignments: Assignments): readonly Reasoned[] {
  const cells = new Map<string, Reasoned>();
  for (const name of names) {
    const cell = resolve(matrix, name, assignments);
    const conflicts = conflictsOf(matrix.document, cell.values);
    if (conflicts.length > 0) throw impossible(`the cell ${name} cannot exist`, cell.values, conflicts);
    const slug = slugOf(cell.values);
    if (!cells.has(slug)) cells.set(slug, cell);
  }
  return [...cells.values()];
}

function resolve({ document }: Matrix, name: string, assignments: Assignments): Reasoned {
  const topologies = listed(document, 'topology');
  const set = Object.entries(assignments).map(([axis, value]) => `${axis} ${value}`).join(', ');
  if (topologies.includes(name)) {
    if (assignments.topology !== undefined && assignments.topology !== name) {
      throw usage('MATRIX_TOPOLOGY_TWICE', `the cell ${name} is named with the topology ${assignments.topology}`, 'drop one of them');
    }
    const defaults = withDefaults(document, { topology: name, ...assignments });
    const values = fitDefaults(document, defaults, assignments);
    const instead = AXES.filter((axis) => values[axis] !== defaults[axis]).map((axis) => `, ${axis} ${values[axis]} because its Kubernetes refuses ${defaults[axis]}`);
    return { values, why: `named by its topology, ${set === '' ? 'defaults throughout' : `with ${set}, else defaults`}${instead.join('')}` };
  }
  const combinations = new Map(product(everything(document)).map((values) => [slugOf(values), values]));
  const found = combinations.get(name);
  if (found === undefined) {
    const near = closest(name, [...topologies, ...combinations.keys()]);
    const remedy = `${near === undefined ? '' : `did you mean ${near}? `}Use a topology (${topologies.join(', ')}) or a slug that \`proofgrid plan --tier release\` lists`;
    throw usage('MATRIX_UNKNOWN_CELL', `there is no cell ${JSON.stringify(name)}`, remedy);
  }
  return { values: { ...found, ...assignments }, why: set === '' ? 'named by its slug' : `named by its slug, with ${set}` };
}

function impossible(verdict: string, values: AxisValues, conflicts: readonly Conflict[]): ProofgridError {
  const axes = AXES.map((axis) => `${axis} ${values[axis]}`).join(', ');
  const reasons = conflicts.map(conflictText).join('; ');
  return usage('MATRIX_CELL_IMPOSSIBLE', `${verdict} with ${axes}: ${reasons}`, 'choose another value with --set');
}

function usage(code: string, what: string, remedy: string): ProofgridError {
  return new ProofgridError({ code, fault: 'usage', what, remedy });
}
