import { expect, onTestFinished, test } from 'vitest';
import { kubeClient, type ClientOptions } from '../../../harness/provider/kubevirt/kube/client.ts';
import { createLimiter } from '../../../harness/provider/kubevirt/kube/limiter.ts';
import { mirror } from '../../../harness/provider/kubevirt/kube/mirror.ts';
import type { KubeObject } from '../../../harness/provider/kubevirt/objects.ts';
import { stubBackend } from '../../kubevirt/double/stub-backend.ts';
import { networkLine, type NetworkLine } from '../../kubevirt/network-line.ts';
import { kubevirtCluster, LIMIT } from './cluster.ts';
import { GIBIBYTE, progress, provider, request } from './fixture.ts';
import { patience } from './patience.ts';

const cluster = kubevirtCluster({ backend: stubBackend() });

/** A client that never gives up: how long the API server takes to come back proves nothing. */
const RETRY = { retryLimitMs: LIMIT.timeout };

async function line(name: string): Promise<NetworkLine> {
  const made = await networkLine(cluster.plane.kubeconfig, name);
  onTestFinished(async () => made.stop());
  return made;
}

/** Leases of a namespace of its own, as the client sees them over a line, and as the administrator changes them. */
async function watched(name: string, options: ClientOptions = {}) {
  const namespace = `watched-${name}`;
  await cluster.admin.create('/api/v1/namespaces', { metadata: { name: namespace } });
  onTestFinished(async () => cluster.admin.delete(`/api/v1/namespaces/${namespace}`));
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const create = async (lease: string) => cluster.admin.create(leases, { metadata: { name: lease, labels: { watched: name } } });
  await create('a');
  const between = await line(name);
  const client = kubeClient({ kubeconfig: between.kubeconfig, ...RETRY, ...options });
  const abort = new AbortController();
  onTestFinished(() => {
    abort.abort();
    client.close();
  });
  const subject = mirror<KubeObject>(client, { kind: 'Lease', namespace }, { signal: abort.signal, changed: () => undefined });
  await subject.synced;
  const sees = async (...names: string[]) => expect.poll(() => subject.items.map(({ metadata }) => metadata.name).toSorted(), LIMIT).toEqual(names);
  await create('b');
  await sees('a', 'b');
  return { between, subject, sees, create, remove: async (lease: string) => cluster.admin.delete(`${leases}/${lease}`) };
}

test('a watch that is cut goes on where it was, without another list', async () => {
  const { between, subject, sees, create } = await watched('cut');
  between.cut();
  await create('c');
  await sees('a', 'b', 'c');
  expect(subject.health.lists).toBe(1);
  expect(subject.health.watches).toBeGreaterThan(1);
});

test('a watch that keeps silent is given up: what happened meanwhile is seen over a new connection', async () => {
  const { between, subject, sees, create, remove } = await watched('silent', { watchSilenceMs: 2000 });
  between.silence();
  await create('c');
  await remove('a');
  await sees('b', 'c');
  expect(subject.health.lists).toBe(1);
});

test('a watch from a version of which the API server has no history any more (410) lists anew', async () => {
  const { between, subject, sees, create, remove } = await watched('expired');
  between.down();
  await create('c');
  await remove('a');
  await cluster.plane.compact();
  await cluster.plane.stopApiServer();
  await cluster.plane.startApiServer();
  between.up();
  await sees('b', 'c');
  // the answer of the API server itself
  await expect.poll(() => subject.health, LIMIT).toMatchObject({ lists: 2, lastEnd: 'expired' });
  await create('d');
  await sees('b', 'c', 'd');
});

test('a list that expires between two of its pages (410) begins again', async () => {
  const namespace = 'many';
  await cluster.admin.create('/api/v1/namespaces', { metadata: { name: namespace } });
  onTestFinished(async () => cluster.admin.delete(`/api/v1/namespaces/${namespace}`));
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const names = Array.from({ length: 260 }, (_, index) => `lease-${index}`);
  await Promise.all(names.map(async (name) => cluster.admin.create(leases, { metadata: { name } })));
  const limiter = createLimiter({ qps: 1000, burst: 1000 });
  let requests = 0;
  const client = kubeClient({
    kubeconfig: cluster.plane.kubeconfig,
    ...RETRY,
    limiter: async (signal) => {
      requests += 1;
      if (requests === 2) {
        await cluster.admin.create(leases, { metadata: { name: 'one-more' } });
        await cluster.plane.compact();
      }
      return limiter(signal);
    },
  });
  onTestFinished(() => client.close());
  const { items } = await client.list<KubeObject>({ kind: 'Lease', namespace });
  expect(items.map(({ metadata }) => metadata.name).toSorted()).toEqual([...names, 'one-more'].toSorted());
  // a page, the refused one, and both pages anew
  expect(requests).toBe(4);
});

test('machines come up over a line that is cut, silenced or expired, and over a restart of the API server; nothing is made twice', async () => {
  const ways = ['straight', 'cut', 'silent', 'expired'] as const;
  const lines = { cut: await line('acquire-cut'), silent: await line('acquire-silent'), expired: await line('acquire-expired') };
  const { limits, end } = patience();
  const runs = ways.map((way) => {
    cluster.double.fault('*', `m-${way}`, 'never-scheduled');
    onTestFinished(() => cluster.double.fault('*', `m-${way}`, undefined));
    const kubeconfig = way === 'straight' ? cluster.plane.kubeconfig : lines[way].kubeconfig;
    const asked = request(0, { cell: way, machines: [{ name: `m-${way}`, cpus: 1, memory: GIBIBYTE, roles: ['worker'] }] });
    const client = { kubeconfig, limits, ...RETRY, ...(way === 'silent' ? { watchSilenceMs: 5000 } : {}) };
    return provider(client).acquire(asked, progress()).then(() => 'it came about all the same', (error: unknown) => error);
  });
  const machines = async () => {
    const all = await cluster.admin.list('/apis/kubevirt.io/v1/virtualmachines?labelSelector=proofgrid.dev/site=test,proofgrid.dev/run');
    return all.map(({ metadata, status }) => `${metadata.name ?? ''}: ${status?.printableStatus as string}`).toSorted();
  };
  const all = (state: string) => ways.map((way) => `m-${way}: ${state}`).toSorted();
  await expect.poll(machines, LIMIT).toEqual(all('ErrorUnschedulable'));

  lines.silent.silence();
  lines.expired.down();
  await cluster.plane.compact();
  await cluster.plane.stopApiServer();
  await cluster.plane.startApiServer();
  lines.cut.cut();
  for (const way of ways) cluster.double.fault('*', `m-${way}`, 'no-address');
  await expect.poll(machines, LIMIT).toEqual(all('Running'));
  lines.expired.up();
  end('address');
  // whoever still waited for a node had seen nothing of what happened since
  expect(await Promise.all(runs)).toEqual(ways.map((way) => expect.objectContaining({ code: 'MACHINE_NOT_READY', fault: 'infrastructure', stage: 'address', machine: `m-${way}` }) as Error));
});
