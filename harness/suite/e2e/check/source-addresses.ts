import type { Check, ClusterContext } from '../../check.ts';
import { bracket, last, nodes } from '../api-server.ts';
import { addRule } from '../fault/firewall.ts';
import { faulty } from '../fault/mend.ts';
import { fixture } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import { endPods, HTTP_PORT, startPods, testPod, type RunningPod } from '../pod.ts';
import { onePodOfEachNode, reachFromPod, type Reached } from '../reach.ts';

/** Of the pods in the nodes' own network; nothing else of ours listens there. */
const NODE_PORTS = { http: 18_080, udp: 18_081 };

export const sourceAddresses: Check = {
  name: 'source-addresses',
  title: 'Pods see each other by their own addresses, and what they send out of the pod network comes from their node',
  // Pods may have to start twice (60 s each) and to end (30 s), then 3 s for a request.
  limitMs: 180_000,
  blockedBy: ['etcd-health', 'nodes-ready', 'image-store', 'test-pods', 'pod-on-every-node', 'packets-arrive', 'pod-to-pod-same-node', 'pod-to-pod-across-nodes'],
  skip: (context) => (nodes(context).length > 1 ? undefined : 'the cluster has one node'),
  async run(context) {
    const pods = onePodOfEachNode(await fixture(context));
    const servers = nodes(context).map(({ name: node }) => testPod(context, { name: `at-${node}`, node, placedBy: 'direct', serving: true, inNodeNetwork: NODE_PORTS }));
    try {
      const started = await startPods(context, servers);
      const complaints = await Promise.all(pods.map(async (pod) => complain(context, pod, pods, started)));
      return judgeComplaints(`own addresses between ${pods.length} pods, and their nodes' outside`, complaints.flat());
    } finally {
      await endPods(context, servers);
    }
  },
  sabotages: [
    {
      name: 'rewritten-between-pods',
      observed: /pod \S+ is seen by pod \S+ as \S+, not as/,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        const { pods } = await fixture(context);
        for (const { address } of pods) await addRule(host, ['nat', 'POSTROUTING', '-d', address, '-p', 'tcp', '-j', 'MASQUERADE'], mend);
      }),
    },
    {
      name: 'not-masqueraded',
      observed: /pod \S+ is seen by node \S+ as \S+, not as/,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        for (const { name, address } of nodes(context)) {
          if (name !== host.name) await addRule(host, ['nat', 'POSTROUTING', '-d', address, '-p', 'tcp', '--dport', String(NODE_PORTS.http), '-j', 'ACCEPT'], mend);
        }
      }),
    },
  ],
};

async function complain(context: ClusterContext, pod: RunningPod, pods: readonly RunningPod[], servers: readonly RunningPod[]): Promise<string[]> {
  const others = pods.filter(({ name }) => name !== pod.name);
  const outside = servers.filter(({ node }) => node !== pod.node);
  const own = nodes(context).find(({ name }) => name === pod.node)?.address ?? '';
  const ask = (address: string, port: number) => ({ url: `http://${bracket(address)}:${port}/clientip`, answers: [] });
  const seen = await reachFromPod(context, pod.name, [...others.map(({ address }) => ask(address, HTTP_PORT)), ...outside.map(({ address }) => ask(address, NODE_PORTS.http))]);
  return [
    ...others.flatMap(({ name }, index) => judge(`pod ${pod.name} is seen by pod ${name}`, seen[index], pod.address)),
    ...outside.flatMap(({ node }, index) => judge(`pod ${pod.name} is seen by node ${node}`, seen[others.length + index], own)),
  ];
}

/** netexec answers with `<address>:<port>`. */
function judge(what: string, seen: Reached | undefined, expected: string): string[] {
  const address = /^\[?(.+?)\]?:\d+$/.exec(seen?.answer ?? '')?.[1];
  if (seen?.answered !== true || address === undefined) return [`${what}: ${seen?.answer || 'no answer'}`];
  return address === expected ? [] : [`${what} as ${address}, not as ${expected}`];
}
