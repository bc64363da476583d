import { expect, test } from 'vitest';
import { closest } from '../../../lifecycle/suggest.ts';

test.each([
  ['debain-13', ['debian-12', 'debian-13'], 'debian-13'],
  ['al-in-one', ['small', 'all-in-one'], 'all-in-one'],
  ['Docker', ['containerd', 'docker'], 'docker'],
  ['calico', ['host-gw', 'vxlan'], undefined],
  ['', ['host-gw'], undefined],
  ['x', ['ha'], undefined],
  ['anything', [], undefined],
])('%s among %j means %s', (word, candidates, expected) => {
  expect(closest(word, candidates)).toBe(expected);
});
