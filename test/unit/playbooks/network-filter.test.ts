import { expect, test } from 'vitest';
import { runPython } from './python-module.ts';

const INTERFACES = {
  lo: { addresses: ['127.0.0.1', '::1'] },
  eth0: { addresses: ['10.0.0.2', 'fd00::2', 'fe80::1'] },
  eth1: { addresses: ['10.1.0.2', 'fd01::2', 'fd01::3'] },
};

test.each([
  ['one beside it', '10.0.0.2', ['fd00::2']],
  ['of the first family beside one of the second', 'fd00::2', ['10.0.0.2']],
  ['several', '10.1.0.2', ['fd01::2', 'fd01::3']],
  ['an address that no interface has', '10.9.9.9', []],
])('addresses of the other family on the same interface: %s', async (_title, address, expected) => {
  expect(await runPython('filter/network.py', 'print(json.dumps(module.addresses_beside(*given)))', [INTERFACES, address])).toEqual(expected);
});

test('the networks of each machine: one, or one of each family', async () => {
  const program = 'print(json.dumps([module.networks_of(*one) for one in given]))';
  const first = { a: '10.244.0.0/24', b: '10.244.1.0/24' };
  expect(await runPython('filter/network.py', program, [[first, {}], [first, { a: 'fd00::/64', b: 'fd00:0:0:1::/64' }]])).toEqual([
    first,
    { a: '10.244.0.0/24,fd00::/64', b: '10.244.1.0/24,fd00:0:0:1::/64' },
  ]);
});

test('how many bits of an address a machine has for its pods', async () => {
  const networks = ['10.244.0.0/16', '10.244.0.0/22', 'fd00::/56', 'fd00::/120'];
  expect(await runPython('filter/cluster.py', 'print(json.dumps([module.node_bits(one) for one in given]))', networks)).toEqual([8, 6, 64, 4]);
});

test('how many machines have a part in a pod network', async () => {
  const networks = ['10.244.0.0/16', '10.244.0.0/22', 'fd00::/56', 'fd00::/62'];
  expect(await runPython('filter/cluster.py', 'print(json.dumps([module.node_networks(one) for one in given]))', networks)).toEqual([256, 16, 256, 16]);
});
