import type { AxisValues } from './axis.ts';
import { AXES, type Axis } from './cell.ts';
import { engineMatches, parseEngineCondition } from './runtime.ts';
import type { Constraint, MatrixDocument } from './schema.ts';
import { inRange, isRange } from './version.ts';
import { versionConflicts } from './versions/conflicts.ts';

/** Why a combination cannot exist. */
export interface Conflict {
  readonly constraint: string;
  readonly reason: string;
  readonly source?: string;
}

/** True of every matrix: a CNI that the user brings has to be brought. */
const MANIFEST_MISSING: Conflict = {
  constraint: 'network-manifest-named',
  reason: 'the network manifest needs the path of a CNI manifest in axes.network.manifest, and none is named',
};

/** A plan asks the same of a combination many times over, and there are thousands of them. */
const known = new WeakMap<MatrixDocument, Map<string, readonly Conflict[]>>();

/** Every constraint that the combination breaks, of the matrix file and of the versions file; empty when the cell can exist. */
export function conflictsOf(document: MatrixDocument, values: AxisValues): readonly Conflict[] {
  const ofDocument = known.get(document) ?? new Map<string, readonly Conflict[]>();
  known.set(document, ofDocument);
  const key = AXES.map((axis) => values[axis]).join('\n');
  const conflicts = ofDocument.get(key) ?? judge(document, values);
  ofDocument.set(key, conflicts);
  return conflicts;
}

function judge(document: MatrixDocument, values: AxisValues): readonly Conflict[] {
  const broken = document.constraints
    .filter((constraint) => excludes(document, constraint, values))
    .map(({ name, reason, source }) => ({ constraint: name, reason, ...(source !== undefined && { source }) }));
  const manifestMissing = values.network === 'manifest' && document.axes.network.manifest === undefined;
  return [...broken, ...versionConflicts(document, values), ...(manifestMissing ? [MANIFEST_MISSING] : [])];
}

/** A conflict in one line, with its name and who says so. */
export function conflictText({ reason, constraint, source }: Conflict): string {
  return `${reason} (${constraint}${source === undefined ? '' : `; ${source}`})`;
}

function excludes(document: MatrixDocument, { exclude }: Constraint, values: AxisValues): boolean {
  return AXES.every((axis) => {
    const condition = exclude[axis];
    return condition === undefined || alternatives(condition).some((one) => matches(document, values, axis, one));
  });
}

export function alternatives(condition: string | readonly string[]): readonly string[] {
  return typeof condition === 'string' ? [condition] : condition;
}

function matches(document: MatrixDocument, values: AxisValues, axis: Axis, condition: string): boolean {
  const engine = axis === 'runtime' ? parseEngineCondition(condition) : undefined;
  if (engine !== undefined) return engineMatches(document, values, engine);
  const value = values[axis];
  return isRange(condition) ? inRange(value, condition) : value === condition;
}
