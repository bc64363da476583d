import { expect, test } from 'vitest';
import { ADMISSION, parseLease, renewal } from '../../../../harness/provider/kubevirt/lease.ts';
import { ANNOTATION, LABEL } from '../../../../harness/provider/kubevirt/names.ts';
import type { Namespace } from '../../../../harness/provider/kubevirt/objects.ts';
import { serverClock } from '../../../../harness/provider/kubevirt/clock.ts';
import { at } from './fixtures.ts';

const owner = { run: 'r', pid: 7, startTime: '1', bootId: 'b', pidNamespace: 'pid:[1]' };

function namespace(change: { name?: string; labels?: object; annotations?: object; deletionTimestamp?: string } = {}): Namespace {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: change.name ?? 'proofgrid-0123456789ab',
      uid: 'u',
      resourceVersion: '5',
      labels: { [LABEL.lease]: '0123456789ab', [LABEL.site]: 'lab', [LABEL.cell]: 'small', ...change.labels },
      annotations: {
        [ANNOTATION.created]: at(0).toISOString(),
        [ANNOTATION.machines]: 'a,b',
        [ADMISSION.state]: 'waiting',
        [ADMISSION.demand]: '{"cpus":2,"memory":5}',
        ...renewal({ ...owner, runnerPod: { name: 'p', namespace: 'n', uid: 'x' } }, at(10), 60_000, false),
        ...change.annotations,
      },
      ...(change.deletionTimestamp === undefined ? {} : { deletionTimestamp: change.deletionTimestamp }),
    },
  };
}

test('reads what was written', () => {
  expect(parseLease(namespace())).toEqual({
    ...{ id: '0123456789ab', namespace: 'proofgrid-0123456789ab', uid: 'u', resourceVersion: '5', cell: 'small', site: 'lab' },
    owner: { run: 'r', pid: 7, startTime: '1', bootId: 'b' },
    pidNamespace: 'pid:[1]',
    runnerPod: { name: 'p', namespace: 'n', uid: 'x' },
    ...{ created: at(0), expires: at(70), timeToLive: 60_000, kept: false, machines: ['a', 'b'] },
    demand: { cpus: 2, memory: 5 },
    admitted: false,
  });
  expect(parseLease(namespace({ deletionTimestamp: at(30).toISOString() }))?.terminating).toEqual(at(30));
});

test.each([
  ['another name', { name: 'kube-system' }],
  ["another lease's name", { name: 'proofgrid-ffffffffffff' }],
  ['no site', { labels: { [LABEL.site]: undefined } }],
  ['no owner', { annotations: { [ANNOTATION.owner]: undefined } }],
  ['an owner that is no JSON', { annotations: { [ANNOTATION.owner]: '{' } }],
  ['a time that is none', { annotations: { [ANNOTATION.expires]: 'soon' } }],
])('a namespace with %s is not ours to judge', (_name, change) => {
  expect(parseLease(namespace(change))).toBeUndefined();
});

test("the clock is the API server's, and goes on by itself", () => {
  let now = 0;
  const clock = serverClock(() => now);
  clock.heard(at(0));
  now = 5000;
  expect(clock.now()).toEqual(at(5));
});
