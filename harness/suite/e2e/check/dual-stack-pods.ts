import { isIPv6 } from 'node:net';
import type { Check } from '../../check.ts';
import { last, nodes } from '../api-server.ts';
import { addressesOf, skipSingleStack, whyNotBoth } from '../families.ts';
import { addRule } from '../fault/firewall.ts';
import { faulty } from '../fault/mend.ts';
import { loseRoute } from '../fault/route.ts';
import { fixture } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import { judgeReached, podTarget, reachFromPod } from '../reach.ts';

export const dualStackPods: Check = {
  name: 'dual-stack-pods',
  title: 'Every pod has an address of each family, and reaches every other pod over both, on its own node and on the others',
  // The pods may have to start first (60 s), then 3 s for a request.
  limitMs: 90_000,
  blockedBy: ['nodes-ready', 'test-pods', 'packets-arrive', 'pod-to-pod-same-node', 'pod-to-pod-across-nodes'],
  skip: skipSingleStack,
  async run(context) {
    const { pods } = await fixture(context);
    const known = await addressesOf(context, pods);
    const complaints = known.flatMap(({ name, addresses }) => {
      const why = whyNotBoth(addresses);
      return why === undefined ? [] : [`pod ${name}: ${why}`];
    });
    if (complaints.length > 0) return judgeComplaints(`${known.length} pods with an address of each family`, complaints);
    const reached = await Promise.all(known.map(({ name }) => {
      const others = known.filter((pod) => pod.name !== name);
      return reachFromPod(context, name, others.flatMap((pod) => pod.addresses.map((address) => podTarget({ ...pod, address }))));
    }));
    return judgeReached(reached.flat());
  },
  sabotages: [
    {
      name: 'ipv6-route-lost',
      // Over IPv6 alone: the other family still works.
      observed: /^(?!.*http:\/\/\d+\.).*pod \S+ → http:\/\/\[\S+\]:8080\/hostname: .*(timed out|unreachable|No route)/,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        const { pods } = await fixture(context);
        const known = await addressesOf(context, pods);
        const other = known.find(({ node }) => node !== host.name)?.addresses.find(isIPv6);
        if (other === undefined) throw new Error('no pod of another node has an IPv6 address');
        await loseRoute(host, other, mend);
      }),
    },
    {
      name: 'ipv6-forwarding-dropped',
      observed: /^(?!.*http:\/\/\d+\.).*pod \S+ → http:\/\/\[\S+\]:8080\/hostname: .*timed out/,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        const { pods } = await fixture(context);
        const own = (await addressesOf(context, pods)).filter(({ node }) => node === host.name);
        for (const address of own.flatMap(({ addresses }) => addresses.filter(isIPv6))) await addRule(host, ['mangle', 'FORWARD', '-d', address, '-j', 'DROP'], mend, 'ip6tables');
      }),
    },
  ],
};
