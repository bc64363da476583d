import type { Check, ClusterContext, Host } from '../../check.ts';
import { apiServers, controlPlanes, etcdMembers, kube } from '../api-server.ts';
import { readHealth } from '../etcd.ts';
import { faulty } from '../fault/mend.ts';
import { controlPlaneWhole } from '../fault/api-server.ts';
import { nodesReady } from '../fault/node.ts';
import { stopUnit } from '../fault/unit.ts';
import { ensureNamespace } from '../fixture.ts';
import { NAMESPACE, NAMESPACE_PATH } from '../namespace.ts';
import { uniqueName } from '../unique.ts';
import { until } from '../wait.ts';
import { ProductFault } from '../product-fault.ts';

/** Milliseconds: the address moves in 4 s, etcd elects in 2, and API servers drop dead etcd connections after 30. */
const TAKEOVER_LIMIT = 45_000;
/** Milliseconds: a machine boots, its etcd member catches up, and its kubelet 1.20 takes 5 s to start. */
const RETURN_LIMIT = 120_000;

export const apiEndpointSurvives: Check = {
  name: 'api-endpoint-survives',
  title: 'The API endpoint takes writes again soon after the power of the control plane that holds it is cut',
  limitMs: TAKEOVER_LIMIT + RETURN_LIMIT + 60_000,
  needs: ['machines', 'disruption'],
  blockedBy: ['etcd-health', 'api-server-version'],
  skip(context) {
    if (controlPlanes(context).length < 2) return 'the cluster has one control plane';
    if (context.power !== undefined) return undefined;
    return `the provider cannot cut the power of a machine${context.powerMissing === undefined ? '' : `: ${context.powerMissing}`}`;
  },
  async run(context) {
    const { power } = context;
    if (power === undefined) throw new Error('skip() lets no cluster without power pass');
    await ensureNamespace(context, kube(context));
    const victim = await endpointHolder(context);
    const members = await healthyMembers(context);
    await power.off(victim.name);
    const written = await untilWritten(context)
      .catch(asFault)
      .finally(() => power.on(victim.name));
    const whole = await untilWhole(context, members).catch(asFault);
    // What the users of the endpoint met comes first.
    for (const fault of [written, whole]) if (fault instanceof ProductFault) throw fault;
    return {
      passed: true,
      expected: `a write within ${TAKEOVER_LIMIT / 1000} s`,
      observed: `a write ${Number(written).toFixed(1)} s after the power of ${victim.name} was cut`,
    };
  },
  sabotages: [
    {
      name: 'address-does-not-move',
      observed: /^(EHOSTUNREACH|ETIMEDOUT|ECONNREFUSED|no answer within \d+ s)$/,
      apply: faulty(async (context, mend) => {
        const holder = await endpointHolder(context);
        const others = controlPlanes(context).filter(({ name }) => name !== holder.name);
        await stopUnit(others, 'keepalived', mend);
      }),
    },
    {
      name: 'no-quorum-left',
      observed: /^(HTTP 50\d: .*|no answer within \d+ s|ECONNRESET)$/s,
      apply: faulty(async (context, mend) => {
        const holder = await endpointHolder(context);
        const other = etcdMembers(context).find(({ name }) => name !== holder.name);
        if (other === undefined) throw new Error('etcd has one member');
        mend(() => controlPlaneWhole(context));
        await stopUnit([other], 'etcd', mend);
      }),
    },
  ],
};

/** The machine that has the virtual address, or the first control plane where the balancer is somebody else's. */
async function endpointHolder(context: ClusterContext): Promise<Host> {
  const { endpoint } = context.deployment.spec.controlPlane;
  const hosts = controlPlanes(context);
  if (endpoint.type === 'virtual-address') {
    for (const host of hosts) {
      const { stdout } = await host.exec(['ip', '-j', 'address', 'show', 'to', endpoint.address]);
      const interfaces = JSON.parse(stdout || '[]') as { ifname?: string }[];
      if (interfaces.some(({ ifname }) => ifname !== undefined)) return host;
    }
    throw new ProductFault(`a control plane holds ${endpoint.address}`, 'none does');
  }
  const [first] = hosts;
  if (first === undefined) throw new Error('the cluster has no control plane');
  return first;
}

/** Seconds until a write went through the endpoint. */
async function untilWritten(context: ClusterContext): Promise<number> {
  const api = kube(context);
  const start = performance.now();
  await until({
    what: 'a write through the API endpoint',
    limitMs: TAKEOVER_LIMIT,
    signal: context.signal,
    intervalMs: 500,
    attempt: async () => {
      const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: uniqueName('survives'), namespace: NAMESPACE } };
      await api.post(`${NAMESPACE_PATH}/configmaps`, body);
      return { value: undefined };
    },
  });
  return (performance.now() - start) / 1000;
}

/** Members that answer before anything is done to them. */
async function healthyMembers(context: ClusterContext): Promise<Host[]> {
  const hosts = etcdMembers(context);
  const health = await Promise.all(hosts.map((host) => readHealth(host).catch(asFault)));
  return hosts.filter((_, index) => {
    const found = health[index];
    return found !== undefined && !(found instanceof ProductFault) && found.healthy;
  });
}

/** The next check must meet the cluster as this one did: every API server, every etcd member that was healthy, every node. */
async function untilWhole(context: ClusterContext, members: readonly Host[]): Promise<void> {
  await until({
    what: 'every API server is ready and every etcd member healthy again',
    limitMs: RETURN_LIMIT,
    signal: context.signal,
    intervalMs: 1000,
    attempt: async () => {
      for (const { host, api } of apiServers(context)) {
        const { status } = await api.send({ path: '/readyz' });
        if (status !== 200) return { observed: `${host.name}: /readyz is HTTP ${status}` };
      }
      for (const host of members) {
        const { healthy, error } = await readHealth(host);
        if (!healthy) return { observed: `etcd of ${host.name}: ${error}` };
      }
      return { value: undefined };
    },
  });
  await nodesReady(context);
}

function asFault(error: unknown): ProductFault {
  if (error instanceof ProductFault) return error;
  throw error;
}
