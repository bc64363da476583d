import { expect, test } from 'vitest';
import { blockAddresses, blockCount, within } from '../../../../harness/provider/kubevirt/addresses.ts';

const network = { type: 'multus', definition: 'a/b', subnet: '10.0.0.0/16', first: '10.0.0.250', last: '10.0.1.20', block: 8, nameservers: [] } as const;

test('blocks do not overlap, stay in the range, and cross a byte', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const blocks = Array.from({ length: blockCount(network) }, (_, index) => blockAddresses({ ...network, nameservers: [] }, index, names));
  const all = blocks.flatMap(({ machines, virtualAddress }) => [virtualAddress, ...Object.values(machines).map((address) => address.split('/')[0])]);
  expect(blocks).toHaveLength(3);
  expect(new Set(all).size).toBe(24);
  expect(blocks[0]).toEqual({
    virtualAddress: '10.0.0.250',
    machines: { a: '10.0.0.251/16', b: '10.0.0.252/16', c: '10.0.0.253/16', d: '10.0.0.254/16', e: '10.0.0.255/16', f: '10.0.1.0/16', g: '10.0.1.1/16' },
  });
  expect(blocks[2]?.machines['g']).toBe('10.0.1.17/16');
});

test('a cell that is larger than a block is refused', () => {
  expect(() => blockAddresses({ ...network, nameservers: [] }, 0, Array.from({ length: 8 }, String))).toThrow('[SITE_BLOCK_TOO_SMALL]');
  expect(() => blockAddresses({ ...network, nameservers: [] }, 3, ['a'])).toThrow(RangeError);
});

test.each([['10.0.255.255', true], ['10.1.0.0', false], ['9.255.255.255', false]])('%s within the subnet: %s', (address, is) => {
  expect(within(address, '10.0.0.0/16')).toBe(is);
});
