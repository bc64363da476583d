import { expect, test } from 'vitest';
import { requestsBetween, total } from '../../../bench/requests.ts';

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, seconds));
const line = (auditID: string, verb: string, seconds: number, change: object = {}) =>
  JSON.stringify({ auditID, user: { username: 'runner' }, verb, objectRef: { resource: 'namespaces' }, requestReceivedTimestamp: at(seconds).toISOString(), ...change });

test('requests count by when they began, once each, and only those of the user', () => {
  const log = [
    line('a', 'patch', 9),
    line('b', 'patch', 10),
    line('c', 'watch', 11, { stage: 'ResponseStarted' }),
    line('c', 'watch', 11, { stage: 'ResponseComplete' }),
    line('d', 'patch', 12, { user: { username: 'somebody' } }),
    line('e', 'patch', 19),
    line('f', 'get', 19, { objectRef: undefined }),
    line('g', 'patch', 20),
    '',
  ].join('\n');
  const counts = requestsBetween(log, 'runner', at(10), at(20));
  expect(Object.fromEntries(counts)).toEqual({ 'patch namespaces': 2, 'watch namespaces': 1, 'get no resource': 1 });
  expect(total(counts)).toBe(4);
});
