import { expect, test } from 'vitest';
import { PACKETS, packetComplaints, readArrived } from '../../../../harness/suite/e2e/packets.ts';

const pod = (name: string) => ({ name, node: `node-of-${name}`, address: '10.244.0.2' });
const arrived = (line: string) => packetComplaints(readArrived(line, pod('a'), [pod('b')]));

test('all of them, or all but one datagram of a kind, say nothing', () => {
  expect(arrived(`1 ${PACKETS.small} ${PACKETS.full} ${PACKETS.stream} 1450\n`)).toEqual([]);
  expect(arrived(`1 ${PACKETS.small - 1} ${PACKETS.full - 1} ${PACKETS.stream} 1450\n`)).toEqual([]);
});

test.each([
  ['1 20 15 2 1450', 'pod a ↔ pod b: 10 of 30 small datagrams lost'],
  ['1 30 0 2 1450', 'pod a ↔ pod b: 15 of 15 datagrams as large as the MTU of 1450 lost'],
  ['1 30 15 1 1450', 'pod a ↔ pod b: 1 of 2 streams of full packets stuck'],
])('%s: %s', (line, complaint) => {
  expect(arrived(line)).toEqual([complaint]);
});

test('a target without a line got nothing, and lines of others are not its own', () => {
  expect(arrived('2 30 15 2 1450')).toHaveLength(3);
});
