import { expect, test } from 'vitest';
import { firstNetwork, isDualStack, networksOf } from '../../../lifecycle/network-families.ts';

const SERVICES = '10.96.0.0/16,fd00:10:96::/112';

test('a field holds one network, or two with a comma between them', () => {
  expect(networksOf('10.96.0.0/16')).toEqual(['10.96.0.0/16']);
  expect(networksOf(SERVICES)).toEqual(['10.96.0.0/16', 'fd00:10:96::/112']);
  expect(firstNetwork(SERVICES)).toBe('10.96.0.0/16');
  expect([isDualStack({ podCIDR: '10.244.0.0/16,fd00:10:244::/56' }), isDualStack({ podCIDR: 'fd00::/56' })]).toEqual([true, false]);
});
