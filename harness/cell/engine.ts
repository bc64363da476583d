import type { Verdict } from '../journal/event.ts';
import { worst } from '../journal/verdict.ts';
import type { Cell } from '../matrix/cell.ts';
import type { Admission } from '../schedule/admission.ts';
import type { CellRun } from './cell-run.ts';
import { runCell } from './cell.ts';

export interface Engine {
  readonly cells: readonly Cell[];
  readonly admission: Admission;
  readonly signal: AbortSignal;
  readonly cellRun: (cell: Cell) => CellRun;
}

/** Runs every cell as soon as the capacity admits it whole; resolves with the worst verdict of all. */
export async function runCells({ cells, admission, signal, cellRun }: Engine): Promise<Verdict> {
  const verdicts = await Promise.all(
    cells.map(async (cell): Promise<Verdict> => {
      const run = cellRun(cell);
      try {
        const leave = await admission.admit(cell, signal);
        try {
          return await runCell(run);
        } finally {
          leave();
        }
      } catch (error) {
        if (!signal.aborted) throw error;
        const reason = 'interrupted while it waited for capacity';
        run.journal.write({ type: 'cell-finished', cell: cell.slug, verdict: 'aborted', durationMs: 0, reason });
        return 'aborted';
      }
    }),
  );
  return worst(verdicts);
}
