import type { V1Pod } from '@kubernetes/client-node';
import type { Check, ClusterContext, Host } from '../../check.ts';
import { kube, last, nodes, nodesWithLogin } from '../api-server.ts';
import { faulty } from '../fault/mend.ts';
import { repeatScript } from '../fault/unit.ts';
import { ensureNamespace } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import type { KubeApi } from '../kube-api.ts';
import { must } from '../machine.ts';
import { NAMESPACE_PATH } from '../namespace.ts';
import { POD_START_LIMIT, removePods, startPods, testPod } from '../pod.ts';
import { ProductFault } from '../product-fault.ts';
import { uniqueName } from '../unique.ts';
import { patiently, until } from '../wait.ts';

/** Seconds that a pod has to end by itself, and does not use. */
const GRACE = 1;
/** Milliseconds after that: a signal, the end of its network and its sandbox. */
const END_LIMIT = 30_000;
/** In the command line of the process, and in nothing else on the machine. */
const MARK = 'proofgrid-stubborn';
/** Finds no process that looks for them. */
const PATTERN = `${MARK.slice(0, -1)}[${MARK.slice(-1)}]`;
/** The parents of the processes with the mark. */
const SHIMS = `for p in $(pgrep --full ${PATTERN}); do ps -o ppid= $p; done | sort -u`;

export const containersEnd: Check = {
  name: 'containers-end',
  title: 'On every node a pod that ignores its end is killed after its grace period, and leaves no process',
  limitMs: POD_START_LIMIT + END_LIMIT + 20_000,
  blockedBy: ['nodes-ready', 'test-pods'],
  async run(context) {
    const api = kube(context);
    await ensureNamespace(context, api);
    const asked = nodes(context).map(({ name }) => ({ node: name, pod: stubbornPod(context, name) }));
    const names = asked.map(({ pod }) => pod.metadata?.name ?? '');
    try {
      await startPods(context, asked.map(({ pod }) => pod));
      await Promise.all(names.map(async (name) => api.send({ method: 'DELETE', path: `${NAMESPACE_PATH}/pods/${name}` })));
      const complaints = await Promise.all(asked.map(async ({ node, pod }) => complaintsAbout(context, api, node, pod.metadata?.name ?? '')));
      return judgeComplaints(`${names.length} pods that ignore SIGTERM end on as many nodes`, complaints.flat());
    } finally {
      await removePods(api, names);
    }
  },
  sabotages: [
    {
      name: 'shim-hangs',
      observed: /^\S+: a pod is still there 7\.5 s after its grace period$/,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        mend(() => must(host, ['sh', '-c', `for p in $(${SHIMS}); do kill -CONT $p; done`]));
        await repeatScript(host, 'proofgrid-sabotage-shim', `for p in $(${SHIMS}); do [ $p = 1 ] || kill -STOP $p; done`, mend);
      }),
    },
  ],
};

function stubbornPod(context: ClusterContext, node: string): V1Pod {
  const pod = testPod(context, { name: uniqueName('stubborn'), node, placedBy: 'direct' });
  const [container] = pod.spec?.containers ?? [];
  if (pod.spec === undefined || container === undefined) throw new Error('a test pod has one container');
  const command = ['sh', '-c', 'trap "" TERM; while :; do sleep 1; done', MARK];
  return { ...pod, spec: { ...pod.spec, terminationGracePeriodSeconds: GRACE, containers: [{ ...container, command, args: [] }] } };
}

async function complaintsAbout(context: ClusterContext, api: KubeApi, node: string, name: string): Promise<string[]> {
  const limitMs = patiently(context, END_LIMIT);
  try {
    await until({
      what: `pod ${name} has ended`,
      limitMs: GRACE * 1000 + limitMs,
      signal: context.signal,
      intervalMs: 250,
      attempt: async () => {
        const { status } = await api.send({ path: `${NAMESPACE_PATH}/pods/${name}` });
        return status === 404 ? { value: undefined } : { observed: `a pod is still there ${limitMs / 1000} s after its grace period` };
      },
    });
  } catch (error) {
    if (error instanceof ProductFault) return [`${node}: ${error.observed}`];
    throw error;
  }
  const host = nodesWithLogin(context).find((each) => each.name === node);
  return host === undefined ? [] : (await processesOf(host)).map((line) => `${node}: a process of a pod that is gone runs on: ${line}`);
}

/** Command lines of processes with the mark. */
async function processesOf(host: Host): Promise<string[]> {
  const { stdout } = await host.exec(['pgrep', '--full', '--list-full', PATTERN]);
  return stdout.split('\n').filter(Boolean);
}
