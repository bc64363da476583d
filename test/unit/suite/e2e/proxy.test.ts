import { expect, test } from 'vitest';
import { otherProxyMode } from '../../../../harness/suite/e2e/proxy.ts';

const spec = (version: string, proxyMode: 'iptables' | 'nftables') =>
  ({ kubernetes: { version }, network: { proxyMode } }) as Parameters<typeof otherProxyMode>[0];

test.each([
  ['1.20.2+deb12u1', 'iptables', 'userspace'],
  ['1.31.0', 'iptables', 'nftables'],
  ['1.37.2', 'iptables', 'nftables'],
  ['1.37.2', 'nftables', 'iptables'],
] as const)('kube-proxy %s in mode %s also has the mode %s', (version, mode, other) => {
  expect(otherProxyMode(spec(version, mode))).toBe(other);
});

test('between 1.26 and 1.30 there is none without IPVS', () => {
  expect(() => otherProxyMode(spec('1.28.4', 'iptables'))).toThrow('has one mode');
});
