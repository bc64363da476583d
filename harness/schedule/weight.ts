import { ProofgridError } from '../../lifecycle/error.ts';
import type { Cell } from '../matrix/cell.ts';
import { memoryText } from '../matrix/quantity.ts';

/** What several cells may use together. */
export interface Limits {
  /** Bytes for all machines: their limits are summed, because memory that is not there kills. */
  readonly memory: number;
  /** Cores of the host. Machines share them: their limits are caps, so the sum may be `cpuOvercommit` times as much. */
  readonly cpus: number;
  /** Cells at a time, whatever else fits. */
  readonly maxCells?: number;
  /** Beyond this, waiting for each other is taken to cost more than waiting in line: probes and leases would time out. */
  readonly cpuOvercommit?: number;
}

export interface Weight {
  readonly memory: number;
  readonly cpus: number;
}

export type Weighed = Pick<Cell, 'slug' | 'machines'>;

const CPU_OVERCOMMIT = 4;

/** All machines of a cell together; a cell runs whole or waits. */
export function weigh({ machines }: Weighed): Weight {
  return {
    memory: machines.reduce((sum, { memory }) => sum + memory, 0),
    cpus: machines.reduce((sum, { cpus }) => sum + cpus, 0),
  };
}

/** Whether one more cell fits beside those that run. Alone, a cell needs its memory only: its caps on CPUs just never bite. */
export function fits(running: readonly Weight[], next: Weight, limits: Limits): boolean {
  if (running.length >= Math.max(1, limits.maxCells ?? Number.POSITIVE_INFINITY)) return false;
  const sum = (of: (weight: Weight) => number) => running.reduce((total, weight) => total + of(weight), of(next));
  if (sum(({ memory }) => memory) > limits.memory) return false;
  return running.length === 0 || sum(({ cpus }) => cpus) <= limits.cpus * (limits.cpuOvercommit ?? CPU_OVERCOMMIT);
}

/** A cell that could never run must not wait for ever. */
export function refuseTooLarge(cells: readonly Weighed[], limits: Limits): void {
  const tooLarge = cells.filter((cell) => weigh(cell).memory > limits.memory);
  if (tooLarge.length === 0) return;
  const list = tooLarge.map((cell) => `${cell.slug} (${memoryText(weigh(cell).memory)})`).join(', ');
  throw new ProofgridError({
    code: 'SCHEDULE_CELL_TOO_LARGE',
    fault: 'usage',
    what: `there is ${memoryText(limits.memory)} of memory for machines, and these cells need more: ${list}`,
    remedy: 'choose a smaller topology, or lower the limits of its machines in the matrix file',
  });
}
