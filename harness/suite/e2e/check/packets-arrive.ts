import type { Check, ClusterContext } from '../../check.ts';
import { last, nodes } from '../api-server.ts';
import { addRule } from '../fault/firewall.ts';
import { faulty } from '../fault/mend.ts';
import { fixture } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import { PACKETS, packetComplaints, sendPackets } from '../packets.ts';
import type { RunningPod } from '../pod.ts';
import { onePodOfEachNode } from '../reach.ts';

export const packetsArrive: Check = {
  name: 'packets-arrive',
  title: 'Between every two nodes, and within each, datagrams and streams arrive and are answered, small and as large as the MTU',
  // The pods may have to start first (60 s), then 20 s for a pod's packets.
  limitMs: 90_000,
  blockedBy: ['nodes-ready', 'test-pods'],
  async run(context) {
    const { pods } = await fixture(context);
    const senders = onePodOfEachNode({ pods });
    const arrived = await Promise.all(senders.map(async (from) => sendPackets(context, from, receivers(from, pods))));
    const pairs = arrived.flat();
    const fine = `${PACKETS.small} small and ${PACKETS.full} full datagrams and ${PACKETS.stream} streams between each of ${pairs.length} pairs`;
    return judgeComplaints(fine, packetComplaints(pairs));
  },
  sabotages: [
    { name: 'one-in-three-lost', observed: /^pod \S+ ↔ pod \S+: \d+ of 30 small datagrams lost/, apply: lossy('-m', 'statistic', '--mode', 'random', '--probability', '0.3') },
    { name: 'large-ones-lost', observed: /^(?!.*small).*datagrams as large as the MTU of \d+ lost/s, apply: lossy('-m', 'length', '--length', '1200:65535') },
    { name: 'datagrams-lost', observed: /^(?!.*streams).*: 30 of 30 small datagrams lost/s, apply: lossy('-p', 'udp', '--dport', '8081') },
  ],
};

/** The second pod of its own node, and one of every other. */
function receivers(from: RunningPod, pods: readonly RunningPod[]): RunningPod[] {
  const neighbour = pods.filter(({ node, name }) => node === from.node && name !== from.name);
  return [...neighbour, ...onePodOfEachNode({ pods }).filter(({ node }) => node !== from.node)];
}

/** On their way to the pods of the last node, one way. */
function lossy(...match: readonly string[]) {
  return faulty(async (context: ClusterContext, mend) => {
    const host = last(nodes(context));
    const { pods } = await fixture(context);
    for (const { address } of pods.filter(({ node }) => node === host.name)) await addRule(host, ['mangle', 'POSTROUTING', '-d', address, ...match, '-j', 'DROP'], mend);
  });
}
