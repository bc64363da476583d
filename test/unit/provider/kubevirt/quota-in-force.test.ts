import { expect, test } from 'vitest';
import type { ResourceQuota } from '../../../../harness/provider/kubevirt/objects.ts';
import { uncounted, untilQuotaInForce } from '../../../../harness/provider/kubevirt/quota-in-force.ts';

const hard = { pods: '3', 'requests.cpu': '1500m' };
const quota = (status?: ResourceQuota['status']): ResourceQuota => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'cell', namespace: 'here' },
  spec: { hard },
  ...(status === undefined ? {} : { status }),
});

test.each([
  ['no status', undefined, ['pods', 'requests.cpu']],
  ['an empty one', {}, ['pods', 'requests.cpu']],
  ['limits that nobody has counted', { hard, used: { pods: '0' } }, ['requests.cpu']],
  ['a part of the limits', { hard: { pods: '3' }, used: { pods: '0', 'requests.cpu': '0' } }, ['requests.cpu']],
  ['all', { hard, used: { pods: '0', 'requests.cpu': '0' } }, []],
] as const)('%s', (_name, status, missing) => {
  expect(uncounted(quota(status))).toEqual(missing);
});

/** A client whose quota has one state after the other. */
function clientOf(...states: readonly (ResourceQuota | undefined)[]) {
  let asked = 0;
  const get = async () => {
    const object = states[Math.min(asked, states.length - 1)];
    asked += 1;
    return object === undefined ? undefined : { object, date: new Date() };
  };
  return { client: { get } as never, asked: () => asked };
}
const progress = { signal: new AbortController().signal, report: () => undefined };
const counted = quota({ hard, used: { pods: '0', 'requests.cpu': '0' } });

test('a cell without a quota asks nothing, one whose quota counts asks once', async () => {
  const { client, asked } = clientOf(counted);
  await untilQuotaInForce({ client }, [{ apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'cell' } }], progress);
  expect(asked()).toBe(0);
  await untilQuotaInForce({ client }, [counted], progress);
  expect(asked()).toBe(1);
});

test('a quota that never counts, and one that somebody removes, are infrastructure errors with the reason', async () => {
  const never = untilQuotaInForce({ client: clientOf(quota({ hard, used: { pods: '0' } })).client }, [counted], progress, 0);
  await expect(never).rejects.toMatchObject({ code: 'QUOTA_NOT_IN_FORCE', fault: 'infrastructure', message: expect.stringContaining('counts nothing by requests.cpu') as string });
  const removed = untilQuotaInForce({ client: clientOf(quota(), undefined).client }, [counted], progress);
  await expect(removed).rejects.toMatchObject({ code: 'QUOTA_NOT_IN_FORCE', message: expect.stringContaining('removed') as string });
});

test('an aborted acquisition does not wait', async () => {
  const abort = new AbortController();
  const waiting = untilQuotaInForce({ client: clientOf(quota()).client }, [counted], { signal: abort.signal, report: () => abort.abort(new Error('stop')) });
  await expect(waiting).rejects.toThrow(/stop|abort/);
});
