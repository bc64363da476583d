import { expect, test } from 'vitest';
import { createNetwork, userOf, macAddress, networkPlan, parseRoutes, poolUse } from '../../../../harness/provider/container/network.ts';
import type { NetworkSpec } from '../../../../harness/provider/container/engine.ts';
import { fakeEngine } from './fake-engine.ts';

test('every address is known beforehand, and the virtual one is none that the engine hands out', () => {
  const plan = networkPlan('10.213', 7);
  const ipv6 = { ...plan.ipv6, address: plan.ipv6.address(4) };
  expect({ ...plan, ipv6, address: [plan.address(0), plan.address(4)] }).toEqual({
    subnet: '10.213.7.0/24',
    range: '10.213.7.0/25',
    gateway: '10.213.7.1',
    ipv6: { subnet: 'fd00:10:213:7::/64', gateway: 'fd00:10:213:7::1', address: 'fd00:10:213:7::14' },
    virtualAddress: '10.213.7.250',
    address: ['10.213.7.10', '10.213.7.14'],
  });
});

test('a hardware address follows from the address', () => {
  expect(macAddress('10.213.7.10')).toBe('02:42:0a:d5:07:0a');
});

test('routes are read as the kernel writes them, without the default route', () => {
  const table = `Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT
eth0 00000000 010011AC 0003 0 0 0 00000000 0 0 0
eth0 000011AC 00000000 0001 0 0 0 0000FFFF 0 0 0
`;
  expect(parseRoutes(table)).toEqual([{ network: '172.17.0.0', prefix: 16 }]);
});

test('an address or a route inside a subnet uses it, a wider route does not', () => {
  const subnet = '10.213.7.0/24';
  expect(userOf(subnet, ['127.0.0.1', '::1'], [{ network: '10.0.0.0', prefix: 8 }, { network: '10.213.0.0', prefix: 16 }, { network: '10.213.8.0', prefix: 24 }])).toBeUndefined();
  expect(userOf(subnet, ['10.213.7.1'], [])).toBe('the address 10.213.7.1');
  expect(userOf(subnet, [], [{ network: '10.213.7.0', prefix: 24 }])).toBe('the route to 10.213.7.0/24');
  expect(userOf(subnet, [], [{ network: '10.213.7.64', prefix: 26 }])).toBe('the route to 10.213.7.64/26');
});

test('a subnet that somebody else has just taken is left to them', async () => {
  const asked: NetworkSpec[] = [];
  const engine = fakeEngine({
    createNetwork: async (spec) => {
      asked.push(spec);
      return asked.length === 3;
    },
  });
  const plan = await createNetwork(engine, { name: 'n', pool: '10.213', labels: {}, virtualAddress: true });
  expect(asked).toHaveLength(3);
  expect(new Set(asked.map(({ subnet }) => subnet)).size).toBe(3);
  expect(asked[2]).toMatchObject({ subnet: plan.subnet, labels: { 'dev.proofgrid.virtual-address': plan.virtualAddress } });
});

test('a full pool is an error that says what to do', async () => {
  const engine = fakeEngine({ createNetwork: async () => false });
  const work = createNetwork(engine, { name: 'n', pool: '10.213', labels: {}, virtualAddress: false });
  await expect(work).rejects.toMatchObject({ code: 'NETWORKS_EXHAUSTED', fault: 'infrastructure' });
});

test('what uses a pool is counted and named', () => {
  const everything = Array.from({ length: 256 }, (_, third) => ({ network: `10.213.${third}.0`, prefix: 24 }));
  expect(poolUse('10.213', [], [{ network: '10.0.0.0', prefix: 8 }])).toEqual({ free: 256, users: [] });
  expect(poolUse('10.213', ['10.213.9.1'], [])).toEqual({ free: 255, users: ['the address 10.213.9.1'] });
  expect(poolUse('10.213', [], everything)).toMatchObject({ free: 0, users: { length: 256 } });
});
