import type { JournalLine } from '../harness/journal/event.ts';

/** Where the time of one run went, in milliseconds. `proofgrid` is what nothing else accounts for, starting and reporting included. */
export interface RunShare {
  readonly total: number;
  readonly machines: number;
  readonly ansible: number;
  readonly kubernetes: number;
  readonly evidence: number;
  readonly proofgrid: number;
}

type Part = Exclude<keyof RunShare, 'total' | 'proofgrid'>;

/**
 * Time that at least one case of a part was under way; what several parts did at once counts for the first of them, so
 * the parts and the rest add up to `totalMs`, the wall time of the whole process.
 */
export function shareOf(lines: readonly JournalLine[], totalMs: number): RunShare {
  const taken: Interval[] = [];
  const times = { machines: 0, ansible: 0, kubernetes: 0, evidence: 0 };
  for (const part of ['ansible', 'kubernetes', 'machines', 'evidence'] as const) {
    const before = covered(taken);
    taken.push(...lines.flatMap((line) => (partOf(line) === part ? [intervalOf(line)] : [])));
    times[part] = covered(taken) - before;
  }
  return { total: totalMs, ...times, proofgrid: totalMs - covered(taken) };
}

type Interval = readonly [from: number, to: number];

/** A phase of the lifecycle is Ansible's from end to end; of everything else its cases count, and no gap between them. */
function partOf(line: JournalLine): Part | undefined {
  if (line.type === 'phase-finished') return line.suite === 'lifecycle' ? 'ansible' : undefined;
  if (line.type !== 'case-finished' || line.suite === 'lifecycle') return undefined;
  if (line.suite === 'e2e') return 'kubernetes';
  if (line.suite !== 'cell') return undefined;
  return line.name === 'machines' || line.name === 'evidence' ? line.name : undefined;
}

function intervalOf(line: JournalLine): Interval {
  const to = Date.parse(line.at);
  return [to - ('durationMs' in line ? line.durationMs : 0), to];
}

function covered(intervals: readonly Interval[]): number {
  let sum = 0;
  let end = -Infinity;
  for (const [from, to] of intervals.toSorted(([a], [b]) => a - b)) {
    sum += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return sum;
}
