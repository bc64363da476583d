import type { Check } from '../../check.ts';
import { execInPod } from '../exec.ts';
import { faulty } from '../fault/mend.ts';
import { fixture } from '../fixture.ts';
import { last, nodes } from '../api-server.ts';
import { must } from '../machine.ts';
import { judgeReached, podTarget, reachFromPod } from '../reach.ts';

export const podToPodSameNode: Check = {
  name: 'pod-to-pod-same-node',
  title: 'Two pods of one node reach each other, on every node, in both directions',
  // The pods may have to start first (60 s), then 3 s for a request.
  limitMs: 90_000,
  blockedBy: ['nodes-ready', 'test-pods', 'packets-arrive'],
  async run(context) {
    const { pods } = await fixture(context);
    const reached = await Promise.all(
      pods.map((pod) => {
        const others = pods.filter(({ node, name }) => node === pod.node && name !== pod.name);
        return reachFromPod(context, pod.name, others.map(podTarget));
      }),
    );
    return judgeReached(reached.flat());
  },
  sabotages: [
    {
      name: 'veth-down',
      observed: /pod \S+ → http:\/\/\S+:8080\/hostname: .*(timed out|unreachable|No route)/,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        const { pods } = await fixture(context);
        const pod = pods.findLast(({ node }) => node === host.name);
        if (pod === undefined) throw new Error(`no test pod on ${host.name}`);
        const { stdout } = await execInPod(context, pod.name, ['cat', '/sys/class/net/eth0/iflink']);
        const links = JSON.parse(await must(host, ['ip', '-j', 'link', 'show'])) as { ifindex: number; ifname: string }[];
        const link = links.find(({ ifindex }) => ifindex === Number(stdout))?.ifname;
        if (link === undefined) throw new Error(`the pod ${pod.name} has no link on ${host.name}`);
        mend(() => must(host, ['ip', 'link', 'set', link, 'up']));
        await must(host, ['ip', 'link', 'set', link, 'down']);
      }),
    },
  ],
};
