import type { Check } from '../../check.ts';
import { last, nodes } from '../api-server.ts';
import { addRule } from '../fault/firewall.ts';
import { faulty } from '../fault/mend.ts';
import { fixture } from '../fixture.ts';
import { NAMESPACE } from '../namespace.ts';
import { judgeReached, onePodOfEachNode, reachFromPod } from '../reach.ts';

/** The full name, and the short one that only the search domains of a pod's resolv.conf complete. */
const NAMES = [`cluster.${NAMESPACE}.svc.cluster.local`, 'cluster'];

export const dns: Check = {
  name: 'dns',
  title: 'A pod of every node reaches a service by its names',
  // The pods may have to start first (60 s), then 3 s for a request.
  limitMs: 90_000,
  blockedBy: ['nodes-ready', 'test-pods', 'packets-arrive', 'pod-to-pod-same-node', 'pod-to-pod-across-nodes', 'proxy-mode', 'cluster-ip', 'api-service'],
  skip: ({ deployment: { spec } }) => (spec.dns.type === 'none' ? spec.dns.reason : undefined),
  async run(context) {
    const made = await fixture(context);
    // Who answers says what the name led to: nothing that a resolver prints has to be read.
    const targets = NAMES.map((name) => ({ url: `http://${name}:${made.servicePort}/hostname`, answers: made.pods.map((pod) => pod.name) }));
    const reached = await Promise.all(onePodOfEachNode(made).map(async ({ name }) => reachFromPod(context, name, targets)));
    return judgeReached(reached.flat());
  },
  sabotages: [
    {
      name: 'dns-dropped',
      observed: /pod \S+ → http:\/\/cluster[^ ]*: .*(timed out|bad address)/,
      apply: faulty(async (context, mend) => {
        // Pods ask the service's address: the packets come from the bridge, before kube-proxy's rules turn them round.
        const rule = ['raw', 'PREROUTING', '-p', 'udp', '--dport', '53', '-j', 'DROP'] as const;
        await addRule(last(nodes(context)), [...rule], mend);
      }),
    },
  ],
};
