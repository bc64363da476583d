import { expect, test } from 'vitest';
import { amount } from '../../../../harness/suite/e2e/resource-metrics.ts';

test.for([
  ['156340123n', 0.156340123],
  ['250m', 0.25],
  ['2', 2],
  ['1536Ki', 1_572_864],
  ['3Gi', 3 * 2 ** 30],
  ['', Number.NaN],
  ['many', Number.NaN],
  ['3Xi', Number.NaN],
] as const)('the quantity %j is %d', ([text, number]) => {
  expect(amount(text)).toBe(number);
});
