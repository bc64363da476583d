import { expect, test } from 'vitest';
import { bounded, withoutControls } from '../../../harness/journal/text.ts';

test.each([
  ['\u001b[1;31mred\u001b[0m', 'red'],
  ['\u001b[38;2;1;2;3mtrue colour\u001b[m', 'true colour'],
  ['\u001b[2K\u001b[1Gline', 'line'],
  ['\u001b]8;;https://example.org\u001b\\link\u001b]8;;\u001b\\', 'link'],
  ['\u001b(Bcharset \u001b7saved', 'charset saved'],
  ['\u009b31mC1\u009b0m \u0085', 'C1 '],
  ['trailing \u001b', 'trailing '],
  ['a\u0000b\u0008c\u007fd', 'abcd'],
  ['tab\tand\nnewline\r\nand\rreturn', 'tab\tand\nnewline\nand\nreturn'],
  ['\ufffe\uffff\ud83d \ud83d\ude00', '\ufffd \ud83d\ude00'],
  ['rate(x[5m]) stays', 'rate(x[5m]) stays'],
])('%j becomes %j', (raw, clean) => {
  expect(withoutControls(raw)).toBe(clean);
});

test('an unfinished string sequence ends where the next escape begins', () => {
  expect(withoutControls('\u001b]0;title\u001b[1mkept')).toBe('kept');
});

test.each([100, 101, 102, 103])('a cut at %i bytes splits no character', (limit) => {
  const text = bounded('😀ä'.repeat(100), limit);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limit);
  expect(text).not.toContain('\ufffd');
  expect(text).toMatch(/\[cut, 600 bytes in all\]$/);
});

test('what fits is not touched', () => {
  expect(bounded('ä'.repeat(50), 100)).toBe('ä'.repeat(50));
});
