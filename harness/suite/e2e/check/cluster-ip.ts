import type { Check } from '../../check.ts';
import { bracket, nodesWithLogin } from '../api-server.ts';
import { faulty } from '../fault/mend.ts';
import { loseServiceRules } from '../fault/service.ts';
import { fixture } from '../fixture.ts';
import { judgeReached, onePodOfEachNode, reachFromHost, reachFromPod } from '../reach.ts';

export const clusterIp: Check = {
  name: 'cluster-ip',
  title: 'A ClusterIP service answers from a pod of every node and from every node itself',
  // The pods may have to start first (60 s), then 3 s for a request.
  limitMs: 90_000,
  blockedBy: ['nodes-ready', 'test-pods', 'packets-arrive', 'pod-to-pod-same-node', 'pod-to-pod-across-nodes', 'host-to-pod', 'proxy-mode'],
  async run(context) {
    const made = await fixture(context);
    const target = { url: `http://${bracket(made.clusterIP)}:${made.servicePort}/hostname`, answers: made.pods.map(({ name }) => name) };
    const reached = await Promise.all([
      ...onePodOfEachNode(made).map(({ name }) => reachFromPod(context, name, [target])),
      ...nodesWithLogin(context).map((host) => reachFromHost(host, [target])),
    ]);
    return judgeReached(reached.flat());
  },
  sabotages: [
    {
      name: 'service-rules-lost',
      // Without the rules the packets go wherever the default route leads: to nobody, or to somebody else who answers.
      observed: /(pod|host) \S+ → http:\/\/\S+:80\/hostname: (?![ab]-)/,
      apply: faulty((context, mend) => loseServiceRules(context, 'all', mend)),
    },
  ],
};
