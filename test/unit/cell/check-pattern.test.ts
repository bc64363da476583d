import { expect, test } from 'vitest';
import { checkPattern, matchingPhases, refuseUnmatched } from '../../../harness/cell/check-pattern.ts';
import { E2E_PHASES } from '../../../harness/suite/e2e/checks.ts';

test.each([
  ['dns', 'cluster-dns', true],
  ['DNS', 'cluster-dns', true],
  ['pod-to-*', 'pod-to-service', true],
  ['pod*service', 'pod-to-service', true],
  ['service*pod', 'pod-to-service', false],
  ['etcd, dns', 'etcd-health', true],
  ['.*', 'etcd-health', false],
  [`${'a*'.repeat(200)}b`, 'a'.repeat(200), false],
])('%s on %s: %s', (pattern, name, matches) => {
  expect(checkPattern(pattern).matches(name)).toBe(matches);
});

test('phases keep their order and lose what does not match', () => {
  const [first] = E2E_PHASES.flatMap(({ checks }) => checks.map(({ name }) => name));
  const phases = matchingPhases(E2E_PHASES, checkPattern(first ?? ''));
  expect(phases.flatMap(({ checks }) => checks.map(({ name }) => name))).toContain(first);
  expect(phases.length).toBeLessThan(E2E_PHASES.length);
  expect(matchingPhases(E2E_PHASES, undefined)).toBe(E2E_PHASES);
});

test('a pattern that selects nothing is bad usage, with the names there are', () => {
  expect(() => refuseUnmatched(checkPattern('no-such-check'), E2E_PHASES, ['lifecycle', 'e2e'])).toThrow(/no check matches -k no-such-check; choose a part of one of: [\w-]+, /);
  expect(() => refuseUnmatched(checkPattern('dns'), E2E_PHASES, ['lint', 'lifecycle'])).toThrow('none of these cells runs');
  expect(() => checkPattern(' , ')).toThrow(expect.objectContaining({ code: 'RUN_CHECKS_UNMATCHED', fault: 'usage' }) as Error);
  expect(() => refuseUnmatched(checkPattern('*'), E2E_PHASES, ['e2e'])).not.toThrow();
});
