import type { JournalLine } from '../journal/event.ts';

/** What one cell is doing right now. Times are milliseconds since the epoch, from the journal. */
export interface CellView {
  readonly cell: string;
  readonly startedAt: number;
  phase?: { readonly suite: string; readonly phase: string; readonly startedAt: number; cases: number };
  case?: { readonly name: string; readonly startedAt: number };
  message?: string;
}

/** The cells that are running, in the order they were started. */
export type RunView = Map<string, CellView>;

/** Brings the view up to a line; to be called before the line is shown. */
export function follow(view: RunView, line: JournalLine): void {
  if (line.type === 'run-started' || line.type === 'run-finished') return view.clear();
  const at = Date.parse(line.at);
  if (line.type === 'cell-started') view.set(line.cell, { cell: line.cell, startedAt: at });
  if (line.type === 'cell-finished') view.delete(line.cell);
  const cell = view.get(line.cell);
  if (cell === undefined) return;
  switch (line.type) {
    case 'phase-started':
      cell.phase = { suite: line.suite, phase: line.phase, startedAt: at, cases: 0 };
      delete cell.case;
      delete cell.message;
      return;
    case 'phase-finished':
      delete cell.phase;
      delete cell.case;
      delete cell.message;
      return;
    case 'case-started':
      cell.case = { name: line.name, startedAt: at };
      delete cell.message;
      return;
    case 'case-finished':
      if (cell.phase !== undefined) cell.phase.cases += 1;
      if (cell.case?.name === line.name) delete cell.case;
      return;
    case 'progress':
      cell.message = line.message;
  }
}
