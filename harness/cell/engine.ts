import pLimit from 'p-limit';
import type { Verdict } from '../journal/event.ts';
import { isBad, worst } from '../journal/verdict.ts';
import type { Cell } from '../matrix/cell.ts';
import type { Admission } from '../schedule/admission.ts';
import type { CellRun } from './cell-run.ts';
import { runCell } from './cell.ts';

export interface Engine {
  readonly cells: readonly Cell[];
  readonly admission: Admission;
  readonly signal: AbortSignal;
  readonly cellRun: (cell: Cell) => CellRun;
  /** Cells at once, at most; default: what the capacity admits. */
  readonly jobs?: number | undefined;
  /** No further cell starts once one has gone wrong; those that run go on to their end. */
  readonly failFast?: boolean | undefined;
  /** Default: `runCell`. */
  readonly runOne?: (run: CellRun) => Promise<Verdict>;
}

/** Runs every cell as soon as the capacity admits it whole; resolves with the worst verdict of all. */
export async function runCells({ cells, admission, signal, cellRun, jobs = cells.length, failFast = false, runOne = runCell }: Engine): Promise<Verdict> {
  const turn = pLimit(Math.max(1, jobs));
  const halt = new AbortController();
  const entry = AbortSignal.any([signal, halt.signal]);
  const verdicts = await Promise.all(
    cells.map((cell) => turn(async (): Promise<Verdict> => {
      const run = cellRun(cell);
      try {
        const leave = await admission.admit(cell, entry);
        try {
          const verdict = await runOne(run);
          if (failFast && isBad(verdict)) halt.abort(new DOMException(`${cell.slug} ${verdict}`, 'AbortError'));
          return verdict;
        } finally {
          leave();
        }
      } catch (error) {
        const verdict = signal.aborted ? 'aborted' : 'skipped';
        if (verdict === 'skipped' && error !== halt.signal.reason) throw error;
        const reason = verdict === 'aborted' ? 'interrupted while it waited for capacity' : `not started: ${(error as Error).message} (--fail-fast)`;
        run.journal.write({ type: 'cell-finished', cell: cell.slug, verdict, durationMs: 0, reason });
        return verdict;
      }
    })),
  );
  return worst(verdicts);
}
