import { describe, expect, test } from 'vitest';
import { judgeReached, readReached } from '../../../../harness/suite/e2e/reach.ts';

const targets = [
  { url: 'http://10.0.0.1:8080/hostname', answers: ['a-w1'] },
  { url: 'http://10.96.0.9:80/hostname', answers: ['a-w1', 'b-w1'] },
];

describe('requests inside the cluster', () => {
  test('are matched by number, in whatever order they end', () => {
    const reached = readReached('pod a', targets, '2 ok b-w1\n1 ok a-w1\n');
    expect(reached.map(({ ok }) => ok)).toEqual([true, true]);
    expect(judgeReached(reached)).toEqual({ passed: true, expected: '2 of 2 requests answered', observed: '2 of 2 requests answered' });
  });

  test('fail when the wrong pod answers, when nobody does, and when a line is missing', () => {
    expect(judgeReached(readReached('pod a', targets, '1 ok b-w1\n')).observed).toBe(
      'pod a → http://10.0.0.1:8080/hostname: b-w1; pod a → http://10.96.0.9:80/hostname: no result',
    );
    expect(judgeReached(readReached('host w1', targets, '1 ok a-w1\n2 no timed out\n'))).toEqual({
      passed: false,
      expected: '2 of 2 requests answered',
      observed: 'host w1 → http://10.96.0.9:80/hostname: timed out',
    });
  });

  test('prove nothing when there are none', () => {
    expect(judgeReached([]).passed).toBe(false);
  });
});
