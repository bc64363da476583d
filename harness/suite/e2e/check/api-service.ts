import type { V1Endpoints, V1Pod, V1Service } from '@kubernetes/client-node';
import type { Check, ClusterContext } from '../../check.ts';
import { apiServers, bracket, controlPlanes, kube, last, nodes } from '../api-server.ts';
import { addApiServerFlags } from '../fault/api-server.ts';
import { addRule } from '../fault/firewall.ts';
import { faulty } from '../fault/mend.ts';
import { ensureNamespace } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import { NAMESPACE_PATH } from '../namespace.ts';
import { removePods, startPods, testPod, type RunningPod } from '../pod.ts';
import { uniqueName } from '../unique.ts';
import { patiently, until } from '../wait.ts';

const SERVICE = '/api/v1/namespaces/default/services/kubernetes';
const ENDPOINTS = '/api/v1/namespaces/default/endpoints/kubernetes';
/** Milliseconds: a call a second, and a connection that nobody answers is given up after 30. */
const CALLED_LIMIT = 40_000;

/** For documentation (RFC 5737): nobody's. */
const FOREIGN = '192.0.2.7';

export const apiService: Check = {
  name: 'api-service',
  title: 'The Service kubernetes leads to every API server and to nothing else, and a pod of every node is let in with its own token',
  // Pods start (60 s), then call.
  limitMs: 60_000 + CALLED_LIMIT + 20_000,
  blockedBy: ['etcd-health', 'api-server-version', 'leader-leases', 'nodes-ready', 'image-store', 'test-pods', 'pod-on-every-node', 'packets-arrive', 'pod-to-pod-same-node', 'pod-to-pod-across-nodes', 'proxy-mode', 'cluster-ip'],
  async run(context) {
    await ensureNamespace(context, kube(context));
    const advertised = await advertisedComplaints(context);
    if (advertised.length > 0) return judgeComplaints('the addresses of every API server in the Service kubernetes', advertised);
    const asked = nodes(context).map(({ name }) => client(context, name));
    try {
      const pods = await startPods(context, asked);
      const complaints = await Promise.all(pods.map(async (pod) => callComplaints(context, pod)));
      return judgeComplaints(`${pods.length} pods call ${controlPlanes(context).length} API servers through the Service kubernetes`, complaints.flat());
    } finally {
      await removePods(kube(context), asked.map(({ metadata }) => metadata?.name ?? ''));
    }
  },
  sabotages: [
    {
      name: 'pods-cut-off',
      observed: /^pod client-\S+: no call has ended|pod client-\S+: .*(timeout|refused)/,
      apply: faulty(async (context, mend) => {
        const { spec } = await kube(context).get<V1Service>(SERVICE);
        await addRule(last(nodes(context)), ['raw', 'PREROUTING', '-d', spec?.clusterIP ?? '', '-p', 'tcp', '--dport', '443', '-j', 'DROP'], mend);
      }),
    },
    {
      name: 'another-address-advertised',
      observed: /the Service kubernetes leads to 192\.0\.2\.7:\d+/,
      apply: faulty(async (context, mend) => {
        await addApiServerFlags(context, [`--advertise-address=${FOREIGN}`], mend);
        await until({
          what: 'the address is in the Service',
          limitMs: 60_000,
          signal: context.signal,
          attempt: async () => ((await advertisedComplaints(context)).join().includes(FOREIGN) ? { value: undefined } : { observed: 'the true ones alone' }),
        });
      }),
    },
  ],
};

/** Every API server keeps its own address there, and takes out those of others that have not renewed theirs. */
async function advertisedComplaints(context: ClusterContext): Promise<string[]> {
  const { subsets = [] } = await kube(context).get<V1Endpoints>(ENDPOINTS);
  const found = subsets.flatMap(({ addresses = [], ports = [] }) => addresses.flatMap(({ ip }) => ports.map(({ port }) => `${bracket(ip)}:${port}`)));
  const servers = apiServers(context).map(({ host, port }) => ({ name: host.name, place: `${bracket(host.address)}:${port}` }));
  return [
    ...found.filter((place) => !servers.some((server) => server.place === place)).map((place) => `the Service kubernetes leads to ${place}, where no API server is`),
    ...servers.filter(({ place }) => !found.includes(place)).map(({ name, place }) => `the Service kubernetes does not lead to ${name} (${place})`),
  ];
}

/** Calls /healthz every second, as its service account, with what every pod is given. */
function client(context: ClusterContext, node: string): V1Pod {
  const pod = testPod(context, { name: uniqueName(`client-${node}`), node, placedBy: 'direct' });
  const [container] = pod.spec?.containers ?? [];
  if (container === undefined || pod.spec === undefined) throw new Error('a test pod has one container');
  return { ...pod, spec: { ...pod.spec, automountServiceAccountToken: true, containers: [{ ...container, args: ['inclusterclient', '--poll-interval=1'] }] } };
}

async function callComplaints(context: ClusterContext, { name }: RunningPod): Promise<string[]> {
  // Which server answers is chance: often enough that none is left out but once in a hundred times.
  const enough = controlPlanes(context).length === 1 ? 2 : 3 * controlPlanes(context).length;
  return until({
    what: `pod ${name} has called ${enough} times`,
    limitMs: patiently(context, CALLED_LIMIT),
    signal: context.signal,
    intervalMs: 500,
    attempt: async () => {
      const { body } = await kube(context).send({ path: `${NAMESPACE_PATH}/pods/${name}/log` });
      const error = /error checking \/healthz: (.*)/.exec(body)?.[1];
      if (error !== undefined) return { value: [`pod ${name}: ${error}`] };
      // A call is over without an error when the next one begins.
      const over = [...body.matchAll(/calling \/healthz/g)].length - 1;
      return over >= enough ? { value: [] } : { observed: `pod ${name}: ${over > 0 ? `only ${over} calls have ended` : 'no call has ended'}` };
    },
  });
}
