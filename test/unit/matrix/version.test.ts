import { expect, test } from 'vitest';
import { compareVersions, FULL_VERSION, inRange, inRanges, isRange, isValidRange, isValidRanges } from '../../../harness/matrix/version.ts';

test.each([
  ['1.23.17', '<1.24', true],
  ['1.24.0', '<1.24', false],
  ['1.24.9', '<=1.24', true],
  ['1.24.9', '>1.24', false],
  ['1.100.0', '>1.24', true],
  ['2.0.0', '>= 1.24', true],
  ['1.20.2+deb12u1', '>=1.20', true],
  ['1.35.0-rc.1', '>=1.35', true],
  ['3.4', '<3.5', true],
  ['3.5.10', '<3.5.11', true],
  ['3.5.11', '<3.5.11', false],
  ['3.4.30', '<3.5.11', true],
  ['3.5', '<3.5.11', false],
  ['3.5', '>=3.5.11', true],
  ['3.5.11', '>3.5.11', false],
  ['host-gw', '>=1.24', false],
  ['1.24.0', '>=nonsense', false],
])('%s in %s: %s', (version, range, expected) => {
  expect(inRange(version, range)).toBe(expected);
});

test('ranges name minors, or patches', () => {
  expect(['>=1.24', '< 3.5', '<=1.9', '>=1.24.3'].every(isValidRange)).toBe(true);
  expect(['>=1.24.3.1', '>=', '=1.24', '1.24', '>=1.24 <1.30', '>= 1'].some(isValidRange)).toBe(false);
  expect(['>=x', '<', '=1'].every(isRange)).toBe(true);
  expect(isRange('1.24')).toBe(false);
});

test('only full upstream versions are full', () => {
  expect(['1.34.1', '3.5.16', '1.35.0-alpha.0', '1.35.0-rc.10'].every((version) => FULL_VERSION.test(version))).toBe(true);
  expect(['1.34', 'v1.34.1', '1.34.1+deb12u1', '01.2.3', '1.2.3-gamma.1', '1.2.3/..', ''].some((version) => FULL_VERSION.test(version))).toBe(false);
});

test('versions are compared by number, a candidate before its release, build metadata not at all', () => {
  const mixed = ['1.37.10', '1.37.2', '1.37.10-rc.1', '1.9.0', '1.37.10-rc.0', '1.37'];
  expect(mixed.sort(compareVersions)).toEqual(['1.9.0', '1.37', '1.37.2', '1.37.10-rc.0', '1.37.10-rc.1', '1.37.10']);
  expect(compareVersions('1.20.2+deb11', '1.20.2+deb12u1')).toBe(0);
});

test('several ranges must all hold', () => {
  expect(['1.4', '1.6.20', '1.7'].every((version) => inRanges(version, '>=1.4 <2.0'))).toBe(true);
  expect(['1.3.9', '2.0.0'].some((version) => inRanges(version, '>=1.4 <2.0'))).toBe(false);
  expect(isValidRanges('>=1.4 <2.0')).toBe(true);
  expect(['', '1.4', '>=1.4, <2.0', '>=1.4 2.0'].some(isValidRanges)).toBe(false);
});
