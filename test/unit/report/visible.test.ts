import { expect, test } from 'vitest';
import { visible } from '../../../harness/report/visible.ts';

test.each([
  ['\u001b[31mred\u001b[0m', 'red'],
  ['[31mred[0m and [1;32mgreen[39m', 'red and green'],
  ['"msg": "\\u001b[0;31mfatal\\u001b[0m"', '"msg": "fatal"'],
  ['\\e[1mbold\\033[0m\\x1b[4m', 'bold'],
  ['rate(http_requests[5m]) and sum[5m:1m]', 'rate(http_requests[5m]) and sum[5m:1m]'],
  ['array[0] [m] [12] [200m]', 'array[0] [m] [12] [200m]'],
  ['\u0000\ufffe', ''],
])('%j is shown as %j', (raw, shown) => {
  expect(visible(raw)).toBe(shown);
});
