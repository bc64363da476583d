import { describe, expect, test } from 'vitest';
import { median, resultOf, resultTable } from '../../../bench/result.ts';

const round = (seconds: number, proofgrid: number) => ({ seconds, parts: { machines: 2, proofgrid } });

describe('the result of the deploy benchmark', () => {
  test('takes the median of odd and even numbers of rounds', () => {
    expect(median([30, 10, 20])).toBe(20);
    expect(median([40, 10, 20, 30])).toBe(25);
    expect(() => median([])).toThrow();
  });

  test('compares with the baseline, and says when the limit is passed', () => {
    const rounds = [round(38, 1), round(42, 1), round(40, 2)];
    expect(resultOf({ name: 'all-in-one', limit: 2 }, rounds, 20)).toMatchObject({ median: 40, ratio: 2, withinLimit: true });
    expect(resultOf({ name: 'all-in-one', limit: 2 }, rounds, 19)).toMatchObject({ withinLimit: false });
    expect(resultOf({ name: 'script' }, rounds, 40)).toMatchObject({ ratio: 1, withinLimit: true, parts: { machines: 2, proofgrid: 1 } });
  });

  test('tells the share that is ours alone', () => {
    expect(resultOf({ name: 'small' }, [round(50, 1), round(100, 1), round(40, 4)], 20).ownShare).toBeCloseTo(0.02);
  });

  test('is a table for people', () => {
    const script = resultOf({ name: 'script' }, [{ seconds: 20, parts: { machines: 2, script: 18 } }], 20);
    const cell = resultOf({ name: 'all-in-one', limit: 2 }, [round(41, 1)], 20);
    expect(resultTable([script, cell])).toMatchInlineSnapshot(`
      "deploy      rounds (s)  median (s)  ratio  limit  within  parts (s)                    own share
      ----------  ----------  ----------  -----  -----  ------  ---------------------------  ---------
      script      20.0        20.0        1.00                  machines 2.0, script 18.0
      all-in-one  41.0        41.0        2.05   2      NO      machines 2.0, proofgrid 1.0  2.4 %"
    `);
  });
});
