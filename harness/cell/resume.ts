import { existsSync } from 'node:fs';
import path from 'node:path';
import { ProofgridError } from '../../lifecycle/error.ts';
import { readJournal } from '../journal/read.ts';
import type { CellRecord, RunRecord } from '../journal/record.ts';
import { replay } from '../journal/replay.ts';
import { AXES, type Cell } from '../matrix/cell.ts';
import type { Matrix } from '../matrix/load.ts';
import { selectCells } from '../matrix/select.ts';
import { RELEASE_SOURCES, type ReleaseSource } from '../matrix/versions/schema.ts';
import { notARun } from './kept-leases.ts';

export interface Resumed {
  readonly record: RunRecord;
  /** Only the cells that have not passed yet. */
  readonly cells: readonly Cell[];
}

/** Where the releases of an earlier run came from: a resumed run takes them from there. Undefined when its journal does not say. */
export function releaseSourceOf(directory: string): ReleaseSource | undefined {
  const { source } = replayed(directory);
  return RELEASE_SOURCES.find((each) => each === source);
}

/** What is left of an earlier run. Throws a usage error when there is no such run, or when the matrix no longer has its cells. */
export function resumeRun(directory: string, matrix: Matrix): Resumed {
  const record = replayed(directory);
  if (record.cells.length === 0) throw nothingPlanned(directory);
  const open = record.cells.filter(({ verdict }) => verdict !== 'passed');
  return { record, cells: open.map((cell) => sameCell(matrix, cell)) };
}

function replayed(directory: string): RunRecord {
  const file = path.join(directory, 'journal.jsonl');
  if (!existsSync(file)) throw notARun(directory);
  const { lines, torn } = readJournal(file);
  return replay(lines, { torn });
}

/** The suites that passed whole, so that a resumed cell need not run them again on the same machines. */
export function passedSuites(record: RunRecord, cell: string): Set<string> {
  const phases = record.cells.find((candidate) => candidate.cell === cell)?.phases ?? [];
  const names = new Set(phases.map(({ suite }) => suite));
  const whole = (name: string) => phases.filter(({ suite }) => suite === name).every(({ verdict }) => verdict === 'passed');
  return new Set([...names].filter(whole));
}

function sameCell(matrix: Matrix, { cell: slug, axes, suites }: CellRecord): Cell {
  const set = AXES.filter((axis) => axis !== 'topology' && axes[axis] !== undefined).map((axis) => `${axis}=${axes[axis] ?? ''}`);
  const [cell] = selectCells(matrix, { names: [axes['topology'] ?? slug], set, suites });
  if (cell?.slug !== slug) throw changed(slug);
  return cell;
}

function nothingPlanned(directory: string): ProofgridError {
  return new ProofgridError({
    code: 'RESUME_NOTHING_PLANNED',
    fault: 'usage',
    what: `the journal of ${directory} names no cell`,
    remedy: 'start a new run',
  });
}

function changed(slug: string): ProofgridError {
  return new ProofgridError({
    code: 'RESUME_MATRIX_CHANGED',
    fault: 'usage',
    what: `the matrix no longer has the cell ${slug} of that run`,
    remedy: 'start a new run',
  });
}
