import { expect, test } from 'vitest';
import { addressAt, addressInside, firstAddress } from '../../../../harness/suite/e2e/address.ts';

test.for([
  ['10.96.0.0/16', '10.96.0.1'],
  ['192.168.10.64/26', '192.168.10.65'],
  ['fd00:10:96::/112', 'fd00:10:96::1'],
  ['fd00::10/124', 'fd00::11'],
])('the first address of %s is %s', ([cidr = '', address = '']) => {
  expect(firstAddress(cidr)).toBe(address);
});

test.for([
  ['10.96.0.53', '10.96.0.0/16', true],
  ['10.97.0.53', '10.96.0.0/16', false],
  ['fd00:10:96::35', 'fd00:10:96::/112', true],
  ['10.96.0.53', 'fd00:10:96::/112', false],
] as const)('%s lies in %s: %s', ([address, cidr, inside]) => {
  expect(addressInside(address, cidr)).toBe(inside);
});

test.for([
  ['10.96.0.0/16', '10.96.0.10'],
  ['fd00:10:96::/112', 'fd00:10:96::a'],
])('the tenth address of %s is %s', ([cidr = '', address = '']) => {
  expect(addressAt(cidr, 10)).toBe(address);
});
