import type { Check } from '../../check.ts';
import { last, nodes } from '../api-server.ts';
import { addRule } from '../fault/firewall.ts';
import { faulty } from '../fault/mend.ts';
import { fixture } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import { dialDatagrams } from '../packets.ts';
import { onePodOfEachNode } from '../reach.ts';

/** Enough that the endpoints of every node are asked, whichever kube-proxy picks. */
const DATAGRAMS = 20;

export const clusterIpUdp: Check = {
  name: 'cluster-ip-udp',
  title: 'A ClusterIP service answers datagrams from a pod of every node, by more than one of its endpoints',
  // The pods may have to start first (60 s), then 15 s for a pod's datagrams.
  limitMs: 90_000,
  blockedBy: ['nodes-ready', 'test-pods', 'packets-arrive', 'pod-to-pod-same-node', 'pod-to-pod-across-nodes', 'host-to-pod', 'proxy-mode', 'cluster-ip'],
  async run(context) {
    const made = await fixture(context);
    const names = made.pods.map(({ name }) => name);
    const complaints = await Promise.all(
      onePodOfEachNode(made).map(async ({ name }) => {
        const answers = await dialDatagrams(context, name, { address: made.clusterIP, port: made.serviceUdpPort, request: 'hostname', count: DATAGRAMS });
        const strangers = answers.filter((answer) => !names.includes(answer));
        const lost = DATAGRAMS - answers.length;
        return [
          ...(lost <= 1 ? [] : [`pod ${name}: ${lost} of ${DATAGRAMS} datagrams to the service lost`]),
          ...(strangers.length === 0 ? [] : [`pod ${name}: answered by ${[...new Set(strangers)].join(', ')}`]),
          ...(lost > 1 || new Set(answers).size > 1 ? [] : [`pod ${name}: all answers come from ${answers[0]}`]),
        ];
      }),
    );
    return judgeComplaints(`${DATAGRAMS} datagrams of each of ${complaints.length} pods answered by ${names.length} endpoints`, complaints.flat());
  },
  sabotages: [
    {
      name: 'datagrams-to-services-dropped',
      observed: /pod \S+: 20 of 20 datagrams to the service lost/,
      apply: faulty(async (context, mend) => {
        const { clusterIP, serviceUdpPort } = await fixture(context);
        await addRule(last(nodes(context)), ['raw', 'PREROUTING', '-d', clusterIP, '-p', 'udp', '--dport', String(serviceUdpPort), '-j', 'DROP'], mend);
      }),
    },
  ],
};
