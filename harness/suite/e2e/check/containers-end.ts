import type { Check, ClusterContext, Host } from '../../check.ts';
import { kube, last, nodes, nodesWithLogin } from '../api-server.ts';
import { faulty } from '../fault/mend.ts';
import { killsNobody } from '../fault/runc.ts';
import { ensureNamespace } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import { NAMESPACE_PATH } from '../namespace.ts';
import { POD_START_LIMIT, removePods, startPods, testPod } from '../pod.ts';
import { ProductFault } from '../product-fault.ts';
import { uniqueName } from '../unique.ts';
import { patiently, until } from '../wait.ts';

/** Seconds that a pod is given to end by itself. */
const GRACE = 1;
/** Milliseconds beyond the grace. Kubelets look at their pods every ten seconds, and up to 1.26 learn only then that one is gone. */
const END_LIMIT = 30_000;

export const containersEnd: Check = {
  name: 'containers-end',
  title: 'A pod that ignores SIGTERM is gone soon after its grace period, with its processes, on every node',
  // The namespace that may have to be made (40 s), the pods' start and their end.
  limitMs: POD_START_LIMIT + END_LIMIT + 50_000,
  blockedBy: ['etcd-health', 'nodes-ready', 'image-store', 'test-pods', 'pod-on-every-node'],
  async run(context) {
    await ensureNamespace(context, kube(context));
    const pods = nodes(context).map(({ name: node }) => ({ node, name: uniqueName(`deaf-${node}`) }));
    try {
      await startPods(context, pods.map(({ node, name }) => deafPod(context, node, name)));
      const complaints = await Promise.all(pods.map(({ node, name }) => complain(context, node, name)));
      return judgeComplaints(`${pods.length} pods gone with their processes`, complaints.flat());
    } finally {
      await removePods(kube(context), pods.map(({ name }) => name));
    }
  },
  sabotages: [
    {
      name: 'signals-lost',
      observed: /^pod \S+ on \S+ is still there after its grace period$/,
      apply: faulty(async (context, mend) => killsNobody(last(nodes(context)), mend)),
    },
  ],
};

/** Its name is in its command line, where its machine's list of processes shows it. */
function deafPod(context: ClusterContext, node: string, name: string) {
  const pod = testPod(context, { name, node, placedBy: 'direct' });
  const containers = (pod.spec?.containers ?? []).map(({ args: _, ...container }) => ({ ...container, command: ['sh', '-c', 'trap "" TERM; while :; do sleep 1; done', name] }));
  // no network of its own: nobody asks it, and it starts sooner
  return { ...pod, spec: { ...pod.spec, containers, hostNetwork: true, terminationGracePeriodSeconds: GRACE } };
}

async function complain(context: ClusterContext, node: string, name: string): Promise<string[]> {
  const api = kube(context);
  const host = nodesWithLogin(context).find((one) => one.name === node);
  if (host !== undefined && (await processes(host, name)) === 0) throw new Error(`the processes of pod ${name} cannot be found on ${node}`);
  const path = `${NAMESPACE_PATH}/pods/${name}`;
  await api.send({ method: 'DELETE', path });
  try {
    await until({
      what: `pod ${name} is gone`,
      limitMs: GRACE * 1000 + patiently(context, END_LIMIT),
      signal: context.signal,
      attempt: async () => ((await api.send({ path })).status === 404 ? { value: undefined } : { observed: `pod ${name} on ${node} is still there after its grace period` }),
    });
  } catch (error) {
    if (error instanceof ProductFault) return [error.observed];
    throw error;
  }
  const left = host === undefined ? 0 : await processes(host, name);
  return left === 0 ? [] : [`pod ${name} on ${node} is gone, and ${left} of its processes are not`];
}

async function processes(host: Host, name: string): Promise<number> {
  // in brackets, so that the search does not find itself; nothing found is an answer
  const { stdout } = await host.exec(['pgrep', '--count', '--full', `[${name.slice(0, 1)}]${name.slice(1)}`]);
  return Number(stdout.trim());
}
