import { expect, test } from 'vitest';
import { duration } from '../../../harness/report/duration.ts';

test.each([
  [-5, '0.0 s'],
  [0, '0.0 s'],
  [340, '0.3 s'],
  [59_900, '59.9 s'],
  [59_960, '1 min 00 s'],
  [65_000, '1 min 05 s'],
  [3_599_400, '59 min 59 s'],
  [3_600_000, '1 h 00 min'],
  [7_380_000, '2 h 03 min'],
])('%i ms is %s', (milliseconds, text) => {
  expect(duration(milliseconds)).toBe(text);
});
