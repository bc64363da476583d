import { expect, test } from 'vitest';
import { checkPattern } from '../../../harness/cell/check-pattern.ts';
import { dryRunText, durationsOf } from '../../../harness/cell/dry-run.ts';
import { loadMatrix } from '../../../harness/matrix/load.ts';
import { selectCells } from '../../../harness/matrix/select.ts';
import { schedule } from '../../../harness/schedule/schedule.ts';

const cells = selectCells(await loadMatrix(), { names: ['all-in-one', 'small'], suites: ['lifecycle', 'e2e'] });
const LIMITS = { cpus: 16, memory: 64 * 1024 ** 3, leases: 0 };

test('cells stand in the order of their start, with suites, axes, machines and times', () => {
  const durations = durationsOf(cells, { of: ([cell], suites) => (cell === cells[0]?.slug && suites?.join() === 'lifecycle,e2e' ? 600_000 : undefined), learn: () => undefined, save: () => undefined });
  const lines = dryRunText(schedule(cells, LIMITS, durations), {}).split('\n');
  expect(lines[0]).toMatch(new RegExp(`^${cells[0]?.slug ?? ''}: lifecycle, e2e; 1 machine; after about 0\\.0 s, for about 10 min 00 s$`));
  expect(lines[1]).toContain('topology all-in-one');
  expect(lines[2]).toMatch(/; \d+ machines; after about 0\.0 s, for about 2 min/);
  expect(lines.at(-2)).toBe('2 cells, at most 2 at once: about 10 min 00 s, nothing was started');
});

test('limits of the run are told, and no time that they make untrue', () => {
  expect(dryRunText(schedule(cells, LIMITS), { jobs: 1, checks: checkPattern('dns') })).toMatch(/\n2 cells, at most 1 at once, checks that match dns: nothing was started\n$/);
});
