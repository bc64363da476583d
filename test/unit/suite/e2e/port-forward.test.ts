import { expect, test } from 'vitest';
import { isComplete } from '../../../../harness/suite/e2e/port-forward.ts';

test.for([
  ['HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\na-w1', true],
  ['HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\na-w', false],
  ['HTTP/1.0 200 OK\r\ncontent-length: 4\r\n\r\nab\r\n\r\n', true],
  ['HTTP/1.0 200 OK\r\nContent-Length: 4', false],
  ['HTTP/1.0 200 OK\r\nDate: now\r\n\r\nabc', false],
] as const)('%j is complete: %s', ([response, complete]) => {
  expect(isComplete(response)).toBe(complete);
});
