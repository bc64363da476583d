import type { V1Node } from '@kubernetes/client-node';
import { randomBytes } from 'node:crypto';
import type { Check, ClusterContext } from '../../check.ts';
import { apiServers, kube, last, nodes } from '../api-server.ts';
import { selfSigned } from '../fault/certificate.ts';
import { addRule } from '../fault/firewall.ts';
import { faulty } from '../fault/mend.ts';
import { fixture } from '../fixture.ts';
import { judgeComplaints } from '../judge.ts';
import { statusMessage } from '../kube-api.ts';
import { ProductFault } from '../product-fault.ts';
import { onePodOfEachNode } from '../reach.ts';
import { amount, API_SERVICE, nodeConsumption, podConsumption, type Consumption } from '../resource-metrics.ts';
import { patiently, until } from '../wait.ts';

const DEPLOYMENT = '/apis/apps/v1/namespaces/kube-system/deployments/metrics-server';
/** Milliseconds: two rounds of 15 s, and a kubelet's own figures are up to 15 s old; new pods need all of it. */
const MEASURED_LIMIT = 75_000;
/** Bytes: a node runs at least a kubelet, and a pod at least a program. */
const LEAST = { node: 50 * 2 ** 20, pod: 2 ** 20 };

export const resourceMetrics: Check = {
  name: 'resource-metrics',
  title: 'Every API server gives plausible CPU and memory figures of every node, and of a pod on every node',
  // The pods may have to start first (60 s), then be measured twice.
  limitMs: 60_000 + MEASURED_LIMIT + 20_000,
  blockedBy: ['nodes-ready', 'test-pods', 'api-groups-answer', 'packets-arrive', 'pod-to-pod-same-node', 'pod-to-pod-across-nodes', 'cluster-ip', 'host-to-pod', 'api-service'],
  skip: ({ deployment: { spec } }) => (spec.metrics.type === 'none' ? spec.metrics.reason : undefined),
  async run(context) {
    const pods = onePodOfEachNode(await fixture(context)).map(({ name }) => name);
    const fine = `figures of ${nodes(context).length} nodes and ${pods.length} pods from ${apiServers(context).length} API servers`;
    return until({
      what: fine,
      limitMs: patiently(context, MEASURED_LIMIT),
      signal: context.signal,
      intervalMs: 1000,
      attempt: async () => {
        const judged = judgeComplaints(fine, await complain(context, pods));
        return judged.passed ? { value: judged } : { observed: judged.observed };
      },
    });
  },
  sabotages: [
    {
      name: 'server-gone',
      observed: /^HTTP 503: .*\((MissingEndpoints|FailedDiscoveryCheck|ServiceNotFound|EndpointsNotFound)/,
      apply: faulty(async (context, mend) => {
        mend(() => scale(context, 1));
        await scale(context, 0);
      }),
    },
    {
      name: 'kubelet-unreachable',
      // With no other node to measure, metrics-server has nothing to serve and is not ready either.
      observed: /node \S+ has no figures|^HTTP 503: .*\(MissingEndpoints/,
      apply: faulty(async (context, mend) => {
        const host = last(nodes(context));
        // An agent of NetworkPolicy may put its rules first in filter at any time, and these accept connections that exist.
        await addRule(host, ['mangle', 'PREROUTING', '-p', 'tcp', '--dport', '10250', '-j', 'DROP'], mend);
        // What was measured before is given out until the next round.
        await until({
          what: `${host.name} is missing among the figures`,
          limitMs: 60_000,
          signal: context.signal,
          intervalMs: 1000,
          attempt: async () => ((await measured(context)).has(host.name) ? { observed: 'figures from before' } : { value: undefined }),
        });
      }),
    },
    {
      name: 'another-authority',
      observed: /^HTTP 503: .*x509: certificate signed by unknown authority/,
      apply: faulty(async (context, mend) => {
        const { caBundle } = (await kube(context).get<{ spec: { caBundle?: string } }>(API_SERVICE)).spec;
        if (caBundle === undefined) throw new Error('the APIService names no authority');
        mend(() => patch(context, API_SERVICE, { spec: { caBundle } }));
        const { certificate } = await selfSigned(5, [`DNS:sabotage-${randomBytes(3).toString('hex')}`]);
        await patch(context, API_SERVICE, { spec: { caBundle: Buffer.from(certificate).toString('base64') } });
        await until({
          what: 'the API servers refuse the certificate of metrics-server',
          limitMs: 60_000,
          signal: context.signal,
          attempt: async () => {
            const { status } = await kube(context).get<{ status: { conditions?: { type: string; message?: string }[] } }>(API_SERVICE);
            const message = status.conditions?.find(({ type }) => type === 'Available')?.message ?? '';
            return message.includes('x509') ? { value: undefined } : { observed: message };
          },
        });
      }),
    },
  ],
};

/** The nodes with figures; none where metrics-server has none to serve. */
async function measured(context: ClusterContext): Promise<ReadonlySet<string>> {
  try {
    return new Set((await nodeConsumption(context, kube(context))).keys());
  } catch (error) {
    if (error instanceof ProductFault) return new Set();
    throw error;
  }
}

async function complain(context: ClusterContext, pods: readonly string[]): Promise<string[]> {
  const { items } = await kube(context).get<{ items: V1Node[] }>('/api/v1/nodes');
  const capacity = new Map(items.map(({ metadata, status }) => [metadata?.name ?? '', status?.capacity ?? {}]));
  const complaints = await Promise.all(
    apiServers(context).map(async ({ host, api }) => {
      const [ofNodes, ofPods] = await Promise.all([nodeConsumption(context, api), podConsumption(context, api)]);
      return [
        ...nodes(context).flatMap(({ name }) => implausible(`node ${name}`, ofNodes.get(name), LEAST.node, capacity.get(name))),
        ...pods.flatMap((name) => implausible(`pod ${name}`, ofPods.get(name), LEAST.pod)),
      ].map((complaint) => `API server of ${host.name}: ${complaint}`);
    }),
  );
  return complaints.flat();
}

function implausible(who: string, used: Consumption | undefined, least: number, capacity: Readonly<Record<string, string>> = {}): string[] {
  if (used === undefined) return [`${who} has no figures`];
  const most = { cpu: amount(capacity['cpu'] ?? '1024'), memory: amount(capacity['memory'] ?? '4096Gi') };
  const wrong = [
    ...(used.cpu >= 0 && used.cpu <= most.cpu * 1.1 ? [] : [`${used.cpu} cores`]),
    ...(used.memory >= least && used.memory <= most.memory ? [] : [`${used.memory} bytes of memory`]),
  ];
  return wrong.length === 0 ? [] : [`${who} uses ${wrong.join(' and ')}`];
}

async function scale(context: ClusterContext, replicas: number): Promise<void> {
  await patch(context, `${DEPLOYMENT}/scale`, { spec: { replicas } });
  await until({
    what: `${replicas} replicas of metrics-server`,
    limitMs: 90_000,
    signal: context.signal,
    attempt: async () => {
      const { status } = await kube(context).get<{ status: { replicas?: number; readyReplicas?: number } }>(DEPLOYMENT);
      const { replicas: all = 0, readyReplicas: ready = 0 } = status;
      return all === replicas && ready === replicas ? { value: undefined } : { observed: `${all}, ${ready} ready` };
    },
  });
}

async function patch(context: ClusterContext, path: string, body: unknown): Promise<void> {
  const { status, body: answer } = await kube(context).send({ method: 'PATCH', path, contentType: 'application/merge-patch+json', body });
  if (status >= 300) throw new ProductFault(`PATCH ${path} succeeds`, `HTTP ${status}: ${statusMessage(answer)}`);
}
