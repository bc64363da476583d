import { expect, test } from 'vitest';
import { reapReason, type FoundLease } from '../../../../harness/provider/container/reap-decision.ts';
import type { OwnerState } from '../../../../harness/provider/owner.ts';
import { leaseFacts, NOW } from './fixtures.ts';

const LATER = new Date('2026-03-01T13:00:00.000Z');
const whole: FoundLease = { id: '0123456789ab', facts: leaseFacts(), hasVolume: true, containers: ['1', '2'], networks: ['n'], volumes: ['v'] };
const kept: FoundLease = { ...whole, facts: leaseFacts({ kept: true }) };
const remains: FoundLease = { ...whole, hasVolume: false, volumes: [], containers: [] };
const beingAcquired: FoundLease = { ...whole, containers: [], networks: [] };

test.each<[string, FoundLease, OwnerState, Date, string | undefined]>([
  ['a running lease', whole, 'alive', NOW, undefined],
  ['a lease that is being acquired', beingAcquired, 'alive', NOW, undefined],
  ['a living owner that slept past the expiry', whole, 'alive', LATER, undefined],
  ['remains that a living owner is removing', remains, 'alive', NOW, undefined],
  ['a dead owner', whole, 'dead', NOW, 'orphaned'],
  ['an owner killed while it acquired', beingAcquired, 'dead', NOW, 'orphaned'],
  ['a dead owner past the expiry', whole, 'dead', LATER, 'expired'],
  ['an owner in another pid namespace', whole, 'unknown', NOW, undefined],
  ['remains whose owner cannot be seen', remains, 'unknown', NOW, undefined],
  ['an owner in another pid namespace past the expiry', whole, 'unknown', LATER, 'expired'],
  ['a kept lease', kept, 'dead', NOW, undefined],
  ['a kept lease past its time', kept, 'dead', LATER, 'expired'],
  ['a kept lease with a machine missing', { ...kept, containers: ['1'] }, 'dead', NOW, 'incomplete'],
  ['remains of a removal', remains, 'dead', NOW, 'incomplete'],
  ['old remains whose owner cannot be seen', remains, 'unknown', LATER, 'incomplete'],
  ['a stranger with our label', { ...whole, facts: undefined }, 'dead', LATER, undefined],
])('%s', (_title, lease, owner, now, reason) => {
  expect(reapReason(lease, owner, now)).toBe(reason);
});

test('the lease ends at the expiry itself, not a millisecond later', () => {
  const { expires } = leaseFacts();
  expect(reapReason(whole, 'unknown', expires)).toBe('expired');
  expect(reapReason(whole, 'unknown', new Date(expires.getTime() - 1))).toBeUndefined();
});
