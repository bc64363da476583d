import { expect, test } from 'vitest';
import { schedule } from '../../../harness/schedule/schedule.ts';
import { selectCells } from '../../../harness/matrix/select.ts';
import { expandCells } from '../../../harness/matrix/expand.ts';
import { shippedMatrix } from '../matrix/shipped.ts';

const matrix = shippedMatrix();
const GiB = 2 ** 30;
const host = { memory: 22 * GiB, cpus: 2 };
const [single, small, ha] = selectCells(matrix, { names: ['all-in-one', 'small', 'ha'] });
if (single === undefined || small === undefined || ha === undefined) throw new Error('a topology is missing');

test('the longest cell goes first, by what it took earlier', () => {
  const durations = { [single.slug]: 90_000, [small.slug]: 30_000, [ha.slug]: 60_000 };
  expect(schedule([small, ha, single], host, durations).order).toEqual([single, ha, small]);
});

test('without earlier durations the one with most machines goes first', () => {
  expect(schedule([single, small, ha], host).order).toEqual([ha, small, single]);
});

test('memory is summed: two cells of 13Gi run one after the other', () => {
  const [other] = selectCells(matrix, { names: ['ha'], set: ['os=debian-13'] });
  const { expected, totalMs, peak } = schedule([ha, other ?? ha], host, { [ha.slug]: 100, [other?.slug ?? '']: 50 });
  expect(expected.map(({ startMs }) => startMs)).toEqual([0, 100]);
  expect(totalMs).toBe(150);
  expect(peak).toEqual({ cells: 1, memory: 13 * GiB });
});

test('cells that fit run together', () => {
  const { expected, totalMs, peak } = schedule([small, single], host, { [small.slug]: 100, [single.slug]: 40 });
  expect(expected.map(({ startMs }) => startMs)).toEqual([0, 0]);
  expect(totalMs).toBe(100);
  expect(peak).toEqual({ cells: 2, memory: 10 * GiB });
});

test('every cell of the release tier starts exactly once and never beyond the memory', () => {
  const cells = expandCells(matrix, 'release');
  const { expected, peak, totalMs, order } = schedule(cells, host);
  expect(order).toHaveLength(94);
  expect(new Set(expected.map(({ slug }) => slug)).size).toBe(94);
  expect(peak.memory).toBeLessThanOrEqual(host.memory);
  const serial = expected.reduce((sum, { durationMs }) => sum + durationMs, 0);
  expect(totalMs).toBeLessThan(serial);
  expect(totalMs).toBeGreaterThan(serial / peak.cells - 1);
});

test('a cell that the host cannot hold is refused before anything starts', () => {
  expect(() => schedule([single, ha], { memory: 8 * GiB, cpus: 8 })).toThrow(
    expect.objectContaining({ code: 'SCHEDULE_CELL_TOO_LARGE', message: expect.stringContaining(`${ha.slug} (13Gi)`) as string }),
  );
});

test('no cells take no time', () => {
  expect(schedule([], host)).toEqual({ order: [], expected: [], totalMs: 0, peak: { cells: 0, memory: 0 } });
});
