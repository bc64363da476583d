import { expect, test } from 'vitest';
import { VERDICTS } from '../../../harness/journal/event.ts';
import { agreed, exitCodeOf, worst } from '../../../harness/journal/verdict.ts';

test('only passed exits 0, and the others as DESIGN.md says', () => {
  expect(Object.fromEntries(VERDICTS.map((verdict) => [verdict, exitCodeOf(verdict)]))).toEqual({
    passed: 0,
    failed: 1,
    errored: 3,
    'timed-out': 4,
    aborted: 130,
    leaked: 5,
    skipped: 1,
  });
});

test('nothing, and nothing but skipped, is skipped', () => {
  expect(worst([])).toBe('skipped');
  expect(worst(['skipped', 'skipped'])).toBe('skipped');
});

test('a skipped part is neutral beside others', () => {
  for (const verdict of VERDICTS) expect(worst(['skipped', verdict, 'skipped'])).toBe(verdict);
});

test('one bad verdict outweighs any number of passed ones, the worst first', () => {
  const ranking = ['leaked', 'aborted', 'failed', 'timed-out', 'errored', 'passed'] as const;
  for (const [index, verdict] of ranking.entries()) expect(worst([...ranking.slice(index), 'passed'])).toBe(verdict);
});

test('whoever calls itself skipped is not made passed by its parts', () => {
  expect(agreed('skipped', ['passed'])).toBe('skipped');
  expect(agreed('skipped', ['passed', 'failed'])).toBe('failed');
  expect(agreed('passed', ['skipped'])).toBe('passed');
});
