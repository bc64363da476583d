import { expect, test } from 'vitest';
import type { ClusterContext } from '../../../../harness/suite/check.ts';
import { skipSingleStack, whyNotBoth } from '../../../../harness/suite/e2e/families.ts';

test.each<[string, readonly string[], string | undefined]>([
  ['both', ['10.244.0.3', 'fd00:10:244::3'], undefined],
  ['both, IPv6 first', ['fd00:10:244::3', '10.244.0.3'], undefined],
  ['one', ['10.244.0.3'], '10.244.0.3 instead of one address of each family'],
  ['none', [], 'no address instead of one address of each family'],
  ['one family twice', ['fd00::3', 'fd00::4'], 'fd00::3, fd00::4 instead of one address of each family'],
])('addresses of each family: %s', (_title, addresses, expected) => {
  expect(whyNotBoth(addresses)).toBe(expected);
});

test.each([
  ['10.244.0.0/16,fd00:10:244::/56', '10.96.0.0/16,fd00:10:96::/112', undefined],
  ['10.244.0.0/16', '10.96.0.0/16', 'the cluster has one family of addresses: its podCIDR is one network'],
  ['0.0.0.0/0,::/0', '10.96.0.0/24', 'the cluster has one family of addresses: its serviceCIDR is one network'],
])('pods in %s and services in %s: %s', (podCIDR, serviceCIDR, expected) => {
  const context = { deployment: { spec: { network: { podCIDR, serviceCIDR } } } } as unknown as ClusterContext;
  expect(skipSingleStack(context)).toBe(expected);
});
