import { expect, test } from 'vitest';
import { reapReason, type Judged } from '../../../../harness/provider/kubevirt/reap-decision.ts';
import { at, lease } from './fixtures.ts';

const judge = (change: Partial<Judged>, seconds = 60) => reapReason({ lease: lease(), owner: 'unknown', runnerAlive: undefined, ...change }, at(seconds));

test.each([
  ['renewed, owner on another host', {}, 60, undefined],
  ['expired', {}, 120, 'expired'],
  ['expired, but its owner lives here', { owner: 'alive' }, 9999, undefined],
  ['its owner here is dead', { owner: 'dead' }, 60, 'orphaned'],
  ['its runner pod is gone', { runnerAlive: false }, 60, 'orphaned'],
  ['its runner pod is there', { runnerAlive: true }, 60, undefined],
  ['kept by a dead owner', { owner: 'dead', lease: lease({ kept: true }) }, 60, undefined],
  ['kept, and over its time', { owner: 'dead', lease: lease({ kept: true }) }, 121, 'expired'],
  ['being removed by somebody who cannot be seen', { lease: lease({ terminating: at(10) }) }, 60, 'incomplete'],
  ['being removed by somebody who lives', { owner: 'alive', lease: lease({ terminating: at(10) }) }, 60, undefined],
] as const)('%s', (_name, change, seconds, reason) => {
  expect(judge(change as Partial<Judged>, seconds)).toBe(reason);
});
