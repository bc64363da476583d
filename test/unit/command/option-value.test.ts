import { expect, test } from 'vitest';
import { countOption, durationOption } from '../../../harness/command/option-value.ts';

test.each([
  ['90s', 90_000],
  ['45m', 2_700_000],
  ['1h30m', 5_400_000],
])('%s is %i ms', (text, milliseconds) => {
  expect(durationOption(text)).toBe(milliseconds);
});

test.each(['', '0s', '5', '1.5h', '-1m', '1d', '1h 30m', '9999999h', 'm'])('%j is no duration', (text) => {
  expect(() => durationOption(text)).toThrow('such as 45m or 1h30m');
});

test('counts are whole numbers from 1', () => {
  expect(countOption('12')).toBe(12);
  for (const text of ['0', '-1', '1.5', '', 'two', '1e3', '1001']) expect(() => countOption(text), text).toThrow('from 1 to 1000');
});
