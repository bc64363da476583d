import { expect, test } from 'vitest';
import { hasCapability } from '../../../../harness/provider/container/properties.ts';

test.each([
  ['CapEff:\t000001fffeffffff', false],
  ['CapEff:\t000001ffffffffff', true],
  ['', false],
])('CAP_SYS_RESOURCE in %j: %s', (status, expected) => {
  expect(hasCapability(status, 24n)).toBe(expected);
});
