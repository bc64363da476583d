import { firstNetwork } from '../../../../lifecycle/network-families.ts';
import type { Check, ClusterContext, Observation } from '../../check.ts';
import { firstAddress } from '../address.ts';
import { kube, last, nodes } from '../api-server.ts';
import { readReplicas, scaleDns, untilReplicas, type DnsReplica } from '../dns-replicas.ts';
import { addressType } from '../dns-names.ts';
import { execInPod } from '../exec.ts';
import { faulty } from '../fault/mend.ts';
import { stopUnit } from '../fault/unit.ts';
import { fixture } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import { onePodOfEachNode } from '../reach.ts';

const NAME = 'kubernetes.default.svc.cluster.local.';
/**
 * Seconds in which a lookup may need another try, because kube-proxies still send to the replica that is gone; and those
 * after it, in which the first try must be answered. Endpoints and rules follow within two or three seconds.
 */
const PHASES = { settling: 5, settled: 5 };

/** Looks the name up again and again, and prints how often that went well or not in each phase. */
const SCRIPT = `lookups() {
  good=0 bad=0 end=$(($(date +%s)+$1))
  while [ "$(date +%s)" -lt "$end" ]; do
    if dig +short +notcp "$2" "$3" "$4" "$5" | grep -qxF "$6"; then good=$((good+1)); else bad=$((bad+1)); fi
    sleep 0.1
  done
  echo "$good $bad"
}
lookups ${PHASES.settling} +time=1 +tries=5 "$@"
lookups ${PHASES.settled} +time=1 +tries=1 "$@"`;

export const dnsSurvivesReplica: Check = {
  name: 'dns-survives-replica',
  title: 'Replicas of CoreDNS run on different nodes, and names resolve from every node while one of them is killed',
  // Lookups for 10 s; the replica that takes the killed one's place starts in seconds, and in a minute on a loaded machine.
  limitMs: 180_000,
  needs: ['disruption'],
  blockedBy: ['leader-leases', 'nodes-ready', 'image-store', 'test-pods', 'pod-on-every-node', 'packets-arrive', 'pod-to-pod-same-node', 'pod-to-pod-across-nodes', 'proxy-mode', 'cluster-ip', 'api-service', 'dns'],
  skip(context) {
    const { dns } = context.deployment.spec;
    if (dns.type === 'none') return dns.reason;
    return nodes(context).length > 1 ? undefined : 'the cluster has one node, and so one replica of CoreDNS';
  },
  async run(context) {
    const replicas = await readReplicas(context);
    const spread = judgeSpread(replicas);
    const [victim] = replicas;
    if (!spread.passed || victim === undefined) return spread;
    const pods = onePodOfEachNode(await fixture(context));
    const lookups = pods.map(({ name }) => lookUp(context, name));
    await kube(context).remove(victim.path);
    const complaints = (await Promise.all(lookups)).flat();
    await untilReplicas(context, replicas.length);
    return judgeComplaints(`all lookups from ${pods.length} nodes answered while ${victim.name} was killed`, complaints);
  },
  sabotages: [
    {
      name: 'one-replica',
      observed: /^1 ready replicas on 1 nodes$/,
      apply: faulty(async (context, mend) => {
        const { length } = await readReplicas(context);
        mend(() => scaleDns(context, length));
        await scaleDns(context, 1);
      }),
    },
    {
      name: 'proxy-stopped',
      observed: /^pod \S+: [1-9]\d* of \d+ lookups failed/,
      apply: faulty(async (context, mend) => {
        // The node goes on sending to the replica that is gone.
        await fixture(context);
        await stopUnit([last(nodes(context))], 'kube-proxy', mend);
      }),
    },
  ],
};

function judgeSpread(replicas: readonly DnsReplica[]): Observation {
  const count = new Set(replicas.map(({ node }) => node)).size;
  return { passed: count > 1 && count === replicas.length, expected: 'two ready replicas or more, each on another node', observed: `${replicas.length} ready replicas on ${count} nodes` };
}

async function lookUp(context: ClusterContext, pod: string): Promise<string[]> {
  const address = firstAddress(firstNetwork(context.deployment.spec.network.serviceCIDR));
  const { stdout } = await execInPod(context, pod, ['sh', '-c', SCRIPT, 'lookups', NAME, addressType(address), address]);
  const counts = [...stdout.matchAll(/^(\d+) (\d+)$/gm)].map(([, good, bad]) => ({ good: Number(good), bad: Number(bad) }));
  const [settling, settled] = counts;
  if (settling === undefined || settled === undefined) throw new Error(`the lookups of pod ${pod} printed ${JSON.stringify(stdout)}`);
  return [
    ...complain(pod, settling, `within ${PHASES.settling} s after the kill, five tries each`),
    ...complain(pod, settled, `later than ${PHASES.settling} s after the kill`),
  ];
}

function complain(pod: string, { good, bad }: { good: number; bad: number }, when: string): string[] {
  if (good + bad > 0 && bad === 0) return [];
  return [`pod ${pod}: ${bad} of ${good + bad} lookups failed ${when}`];
}
