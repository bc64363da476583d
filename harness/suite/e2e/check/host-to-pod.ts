import type { Check } from '../../check.ts';
import { last, nodes } from '../api-server.ts';
import { faulty } from '../fault/mend.ts';
import { unreachableRoute } from '../fault/route.ts';
import { fixture } from '../fixture.ts';
import { judgeReached, podTarget, reachFromHost } from '../reach.ts';

export const hostToPod: Check = {
  name: 'host-to-pod',
  title: 'Every node itself reaches every test pod, on its own node and on the others',
  // The pods may have to start first (60 s), then 3 s for a request.
  limitMs: 90_000,
  needs: ['machines'],
  blockedBy: ['nodes-ready', 'test-pods', 'packets-arrive', 'pod-to-pod-same-node'],
  async run(context) {
    const { pods } = await fixture(context);
    const reached = await Promise.all(nodes(context).map((host) => reachFromHost(host, pods.map(podTarget))));
    return judgeReached(reached.flat());
  },
  sabotages: [
    {
      name: 'route-to-a-pod-blocked',
      observed: /host \S+ → http:\/\/\S+:8080\/hostname: .*(No route to host|unreachable)/,
      apply: faulty(async (context, mend) => {
        const { pods } = await fixture(context);
        const [pod] = pods;
        if (pod === undefined) throw new Error('there is no test pod');
        await unreachableRoute(last(nodes(context)), `${pod.address}/32`, mend);
      }),
    },
  ],
};
