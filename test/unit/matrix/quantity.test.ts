import { expect, test } from 'vitest';
import { bytes, cores, memoryText } from '../../../harness/matrix/quantity.ts';

test.each([['3Gi', 3 * 2 ** 30], ['1.5Gi', 1.5 * 2 ** 30], ['512Mi', 2 ** 29], ['1G', 1e9], ['2Ti', 2 ** 41], ['1024', 1024]])('%s of memory', (quantity, expected) => {
  expect(bytes(quantity)).toBe(expected);
});

test.each(['', 'Gi', '-1Gi', '3gi', '3 Gi', '1e3', '0x10'])('%j is no memory', (quantity) => {
  expect(bytes(quantity)).toBeNaN();
});

test.each([[2, 2], ['2', 2], ['1.5', 1.5], ['500m', 0.5]])('%j cores', (quantity, expected) => {
  expect(cores(quantity)).toBe(expected);
});

test.each(['', 'm', '-1', '1.5m', 'two'])('%j is no number of cores', (quantity) => {
  expect(cores(quantity)).toBeNaN();
});

test('memory for a person', () => {
  expect([13 * 2 ** 30, 2.5 * 2 ** 30, 2 ** 29].map(memoryText)).toEqual(['13Gi', '2.5Gi', '512Mi']);
});
