import { expect, test } from 'vitest';
import { flows, type PolicyPod } from '../../../../../harness/suite/e2e/policy/stage.ts';
import { readVolley, volleyComplaints } from '../../../../../harness/suite/e2e/policy/volley.ts';

const pod = (name: string, address: string): PolicyPod => ({ name, namespace: 'n', address });
const asked = flows([pod('stranger', '10.0.0.1')], [pod('a', '10.0.0.2'), pod('b', 'fd00::2')]);

test('requests are counted by flow, in whatever order they end', () => {
  const volleys = readVolley(asked, '2 0 31\n1 2 29\n');
  expect(volleys.map(({ answered, refused }) => [answered, refused])).toEqual([[2, 29], [0, 31]]);
  expect(volleyComplaints(volleys, 'denied')).toEqual(['denied pod stranger → http://10.0.0.2:8080/hostname: answered 2 of 31 times']);
});

test('one refused request of an allowed flow is one too many', () => {
  expect(volleyComplaints(readVolley(asked, '1 30 1\n2 31 0\n'), 'allowed')).toEqual(['allowed pod stranger → http://10.0.0.2:8080/hostname: refused 1 of 31 times']);
});

test('a flow that nobody asked about proves nothing, whatever is expected of it', () => {
  for (const expected of ['allowed', 'denied'] as const) {
    expect(volleyComplaints(readVolley(asked, '1 0 0\n'), expected)).toEqual([
      `${expected} pod stranger → http://10.0.0.2:8080/hostname: never asked`,
      `${expected} pod stranger → http://[fd00::2]:8080/hostname: never asked`,
    ]);
  }
});
