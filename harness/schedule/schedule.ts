import type { Cell } from '../matrix/cell.ts';
import { takeNext } from './queue.ts';
import { refuseTooLarge, weigh, type Limits } from './weight.ts';

export interface Schedule {
  /** Cells in the order in which they should ask for admission: the longest first, so that none is left over at the end. */
  readonly order: readonly Cell[];
  /** When each cell is expected to start, and for how long, milliseconds; in the order they start. */
  readonly expected: readonly { readonly slug: string; readonly startMs: number; readonly durationMs: number }[];
  /** Milliseconds from the first start to the last end. */
  readonly totalMs: number;
  /** Most cells, and most bytes of their machines, at any time. */
  readonly peak: { readonly cells: number; readonly memory: number };
}

/** A guess until a cell has run once, from what a deploy and its checks cost here: some for the cell, some for each machine. */
const BASE_MS = 60_000;
const MACHINE_MS = 20_000;

/**
 * Plans with the very rules of admission, and runs nothing. Cells slow each other down a little; that is not in the estimate.
 * @param durations milliseconds that cells took earlier, by slug
 * @throws ProofgridError `SCHEDULE_CELL_TOO_LARGE`
 */
export function schedule(cells: readonly Cell[], limits: Limits, durations: Readonly<Record<string, number>> = {}): Schedule {
  refuseTooLarge(cells, limits);
  const duration = ({ slug, machines }: Cell) => durations[slug] ?? BASE_MS + MACHINE_MS * machines.length;
  const order = cells.toSorted((a, b) => duration(b) - duration(a));
  const line = order.map((cell) => ({ cell, weight: weigh(cell), overtaken: 0 }));
  let running: { weight: ReturnType<typeof weigh>; endMs: number }[] = [];
  const expected: { slug: string; startMs: number; durationMs: number }[] = [];
  let [nowMs, totalMs, peakCells, peakMemory] = [0, 0, 0, 0];
  while (line.length > 0) {
    for (;;) {
      const next = takeNext(line, running.map(({ weight }) => weight), limits);
      if (next === undefined) break;
      const durationMs = duration(next.cell);
      expected.push({ slug: next.cell.slug, startMs: nowMs, durationMs });
      running.push({ weight: next.weight, endMs: nowMs + durationMs });
      totalMs = Math.max(totalMs, nowMs + durationMs);
    }
    peakCells = Math.max(peakCells, running.length);
    peakMemory = Math.max(peakMemory, running.reduce((sum, { weight }) => sum + weight.memory, 0));
    nowMs = Math.min(...running.map(({ endMs }) => endMs));
    running = running.filter(({ endMs }) => endMs > nowMs);
  }
  return { order, expected, totalMs, peak: { cells: peakCells, memory: peakMemory } };
}
