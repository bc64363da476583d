import type { Check } from '../../check.ts';
import { last, nodes } from '../api-server.ts';
import { addRule } from '../fault/firewall.ts';
import { faulty } from '../fault/mend.ts';
import { loseRoute } from '../fault/route.ts';
import { fixture } from '../fixture.ts';
import { judgeReached, onePodOfEachNode, podTarget, reachFromPod } from '../reach.ts';

export const podToPodAcrossNodes: Check = {
  name: 'pod-to-pod-across-nodes',
  title: 'A pod of every node reaches a pod of every other node',
  // The pods may have to start first (60 s), then 3 s for a request.
  limitMs: 90_000,
  blockedBy: ['nodes-ready', 'test-pods', 'packets-arrive', 'pod-to-pod-same-node'],
  skip: (context) => (nodes(context).length > 1 ? undefined : 'the cluster has one node'),
  async run(context) {
    const pods = onePodOfEachNode(await fixture(context));
    const reached = await Promise.all(
      pods.map((pod) => reachFromPod(context, pod.name, pods.filter(({ node }) => node !== pod.node).map(podTarget))),
    );
    return judgeReached(reached.flat());
  },
  sabotages: [
    {
      name: 'route-lost',
      observed: /pod \S+ → http:\/\/\S+:8080\/hostname: .*(timed out|unreachable|No route)/,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        const { pods } = await fixture(context);
        const other = pods.find(({ node }) => node !== host.name);
        if (other === undefined) throw new Error('the cluster has one node');
        await loseRoute(host, other.address, mend);
      }),
    },
    {
      name: 'forwarding-dropped',
      observed: /pod \S+ → http:\/\/\S+:8080\/hostname: .*timed out/,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        const { pods } = await fixture(context);
        const own = pods.filter(({ node }) => node === host.name);
        for (const { address } of own) await addRule(host, ['mangle', 'FORWARD', '-d', address, '-j', 'DROP'], mend);
      }),
    },
  ],
};
