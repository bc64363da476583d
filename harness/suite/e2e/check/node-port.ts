import type { Check } from '../../check.ts';
import { bracket, nodes, nodesWithLogin } from '../api-server.ts';
import { faulty } from '../fault/mend.ts';
import { loseServiceRules } from '../fault/service.ts';
import { fixture } from '../fixture.ts';
import { judgeReached, onePodOfEachNode, reachFromHost, reachFromPod } from '../reach.ts';

export const nodePort: Check = {
  name: 'node-port',
  title: 'A NodePort service answers on every node, from a pod of every node and from every node itself',
  // The pods may have to start first (60 s), then 3 s for a request.
  limitMs: 90_000,
  blockedBy: ['nodes-ready', 'test-pods', 'packets-arrive', 'pod-to-pod-same-node', 'pod-to-pod-across-nodes', 'host-to-pod', 'proxy-mode', 'cluster-ip'],
  async run(context) {
    const made = await fixture(context);
    const answers = made.pods.map(({ name }) => name);
    const targets = nodes(context).map(({ address }) => ({ url: `http://${bracket(address)}:${made.nodePort}/hostname`, answers }));
    const reached = await Promise.all([
      ...onePodOfEachNode(made).map(({ name }) => reachFromPod(context, name, targets)),
      ...nodesWithLogin(context).map((host) => reachFromHost(host, targets)),
    ]);
    return judgeReached(reached.flat());
  },
  sabotages: [
    {
      name: 'node-port-rules-lost',
      // Without the rules the packets go wherever the default route leads: to nobody, or to somebody else who answers.
      observed: /(pod|host) \S+ → http:\/\/\S+:3\d{4}\/hostname: (?![ab]-)/,
      apply: faulty((context, mend) => loseServiceRules(context, 'node-ports', mend)),
    },
  ],
};
