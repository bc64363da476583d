import type { Cell } from '../matrix/cell.ts';
import { duration } from '../report/duration.ts';
import type { Estimates } from '../report/estimate.ts';
import type { Schedule } from '../schedule/schedule.ts';
import type { CheckPattern } from './check-pattern.ts';

/** Milliseconds that cells took here, by slug, for the same suites. */
export function durationsOf(cells: readonly Cell[], estimates: Estimates): Record<string, number> {
  return Object.fromEntries(cells.flatMap(({ slug, suites }) => {
    const milliseconds = estimates.of([slug], suites);
    return milliseconds === undefined ? [] : [[slug, milliseconds]];
  }));
}

/** What a run would do, in the order in which its cells would start. */
export function dryRunText({ order, expected, totalMs, peak }: Schedule, { jobs, checks }: { jobs?: number | undefined; checks?: CheckPattern | undefined }): string {
  const cells = new Map(order.map((cell) => [cell.slug, cell]));
  const lines = expected.flatMap(({ slug, startMs, durationMs }) => {
    const cell = cells.get(slug);
    if (cell === undefined) return [];
    const axes = Object.entries(cell.axes).map(([axis, value]) => `${axis} ${value}`).join(', ');
    return [`${slug}: ${cell.suites.join(', ')}; ${cell.machines.length} machine${cell.machines.length === 1 ? '' : 's'}; after about ${duration(startMs)}, for about ${duration(durationMs)}`, `  ${axes}`];
  });
  const most = Math.min(peak.cells, jobs ?? peak.cells);
  const only = checks === undefined ? '' : `, checks that match ${checks.text}`;
  const time = jobs === undefined || jobs >= peak.cells ? `about ${duration(totalMs)}, ` : '';
  return [...lines, `${order.length} cell${order.length === 1 ? '' : 's'}, at most ${most} at once${only}: ${time}nothing was started`, ''].join('\n');
}
