import { expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../../lifecycle/duration.ts';

test.each([['90s', 90_000], ['30m', 1_800_000], ['2h', 7_200_000]])('%s is %i ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', '30', '0m', '-1m', '1.5h', '1d', '30 m', '9999999h'])('%j is no duration', (text) => {
  expect(() => parseDuration(text)).toThrow('DURATION_INVALID');
});

test.each([[850, '850 ms'], [12_345, '12.3 s'], [245_000, '4 min 05 s']])('%i ms reads %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
