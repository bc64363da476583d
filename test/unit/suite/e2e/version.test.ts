import { expect, test } from 'vitest';
import { otherPatch, sameRelease } from '../../../../harness/suite/e2e/version.ts';

test.for([
  ['1.6.20~ds1', '1.6.20', true],
  ['v1.7.24', '1.7.24', true],
  ['1.6.20~ds1', '1.6.20~ds1', true],
  ['1.6.20', '1.6.20~ds1', false],
  ['1.6.2', '1.6.20', false],
  ['1.6.20', '1.6.2', false],
  ['20.10.24+dfsg1', '20.10.24', true],
] as const)('%s is release %s: %s', ([reported, pinned, same]) => {
  expect(sameRelease(reported, pinned)).toBe(same);
});

test.for([
  ['1.20.2+deb12u1', '1.20.9+deb12u1'],
  ['3.4.23', '3.4.99'],
  ['1.34.9', '1.34.8'],
  ['3.5.99', '3.5.88'],
])('%s becomes %s: another release of the same length', ([version = '', other = '']) => {
  expect(otherPatch(version)).toBe(other);
  expect(otherPatch(version)).toHaveLength(version.length);
});
