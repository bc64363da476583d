import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { parse } from 'yaml';
import { packageRoot } from '../../../lifecycle/root.ts';
import { stubBackend } from '../../kubevirt/double/stub-backend.ts';
import { inPod, POD_ROOT, POD_SITE } from '../../kubevirt/in-pod.ts';
import { deploy, kubevirtCluster, LIMIT } from './cluster.ts';
import { progress, provider, request, siteText, TIME_TO_LIVE } from './fixture.ts';
import { furnishedLease } from './neighbours.ts';
import { patience } from './patience.ts';

const cluster = kubevirtCluster({ backend: stubBackend() });

beforeAll(async () => deploy(cluster.admin, 'rbac.yaml'));

const HOUR = 3_600_000;
/** So that no pod meets an old build. */
const LOADER = `--import=${POD_ROOT}/test/integration/provider/typescript-loader.mjs`;
const ELSEWHERE = { run: 'gone', pid: 1, startTime: '1', bootId: 'another-host', pidNamespace: 'pid:[1]' };

interface CronJob {
  readonly metadata: { readonly namespace: string };
  readonly spec: { readonly jobTemplate: { readonly spec: { readonly template: { readonly spec: PodSpec } } } };
}

interface PodSpec {
  readonly serviceAccountName: string;
  readonly containers: readonly [{ readonly args: readonly string[]; readonly env: readonly { readonly name: string; readonly value: string }[] }];
}

test('what the CronJob runs works as its pod: with its service account, without a home or a place to write', async () => {
  const job = parse(await readFile(path.join(packageRoot, 'deploy', 'reaper.yaml'), 'utf8')) as CronJob;
  const { serviceAccountName, containers } = job.spec.jobTemplate.spec.template.spec;
  const [{ args, env }] = containers;
  const variables = Object.fromEntries(env.map(({ name, value }) => [name, value]));
  await furnishedLease(cluster.admin, 'proofgrid-0000000000c3', variables['PROOFGRID_SITE'] ?? '', ELSEWHERE, new Date(Date.now() - HOUR));
  const run = async (name: string) => (await inPod(cluster.plane, cluster.admin, { namespace: job.metadata.namespace, serviceAccount: serviceAccountName, name, env: variables }, ['node', LOADER, `${POD_ROOT}/harness/cli.ts`, ...args])).ended;
  const { exitCode, all } = await run('reaper-1');
  expect(all).toContain('removed lease 0000000000c3 of cell theirs: expired\n  virtualmachine/proofgrid-0000000000c3/theirs\n  datavolume/proofgrid-0000000000c3/root-theirs');
  expect(exitCode).toBe(0);
  expect(await cluster.admin.find('/api/v1/namespaces/proofgrid-0000000000c3')).toBeUndefined();
  expect(await run('reaper-2')).toMatchObject({ exitCode: 0, all: 'nothing to reap' });
});

test('a host whose clock is hours off writes and judges leases by the clock of the API server', async () => {
  const { limits } = patience();
  cluster.double.fault('*', 'm1', 'no-address');
  onTestFinished(() => {
    cluster.double.fault('*', 'm1', undefined);
    vi.useRealTimers();
  });
  const times = async (name: string) => {
    const { annotations = {} } = (await cluster.admin.get(`/api/v1/namespaces/${name}`)).metadata;
    return { created: Date.parse(annotations['proofgrid.dev/created'] ?? ''), expires: Date.parse(annotations['proofgrid.dev/expires'] ?? '') };
  };
  await furnishedLease(cluster.admin, 'proofgrid-0000000000c4', 'test', ELSEWHERE, new Date(Date.now() + HOUR));
  await furnishedLease(cluster.admin, 'proofgrid-0000000000c5', 'test', ELSEWHERE, new Date(Date.now() - HOUR));
  for (const [way, skew, cell] of [['ahead', 5 * HOUR, 'clock-ahead'], ['behind', -5 * HOUR, 'clock-behind']] as const) {
    const begun = Date.now();
    // only what a process asks for the time of day; the API server, timers and certificates have the real one
    vi.useFakeTimers({ toFake: ['Date'], now: begun + skew });
    const kubevirt = provider({ kubeconfig: cluster.plane.kubeconfig, limits });
    const abort = new AbortController();
    const acquired = kubevirt.acquire(request(1, { cell }), progress(abort.signal)).catch((error: unknown) => error);
    const find = async () => (await cluster.admin.list(`/api/v1/namespaces?labelSelector=proofgrid.dev/cell=${cell}`))[0]?.metadata.name;
    await expect.poll(find, LIMIT).toBeDefined();
    const { created, expires } = await times((await find()) ?? '');
    const reaped = await kubevirt.reap({ dryRun: false, now: new Date() });
    vi.useRealTimers();
    // the header Date has whole seconds
    for (const time of [created, expires - TIME_TO_LIVE]) {
      expect(time, way).toBeGreaterThanOrEqual(begun - 2000);
      expect(time, way).toBeLessThanOrEqual(Date.now() + 2000);
    }
    expect(reaped.map(({ id, reason }) => [id, reason]), way).toEqual(way === 'ahead' ? [['0000000000c5', 'expired']] : []);
    abort.abort(new Error('done'));
    await acquired;
    // for the clock that is behind: expired by an hour, and four hours in its future
    if (way === 'ahead') continue;
    expect(await cluster.admin.find('/api/v1/namespaces/proofgrid-0000000000c4')).toBeDefined();
  }
  await cluster.admin.merge('/api/v1/namespaces/proofgrid-0000000000c4', { metadata: { annotations: { 'proofgrid.dev/expires': new Date(Date.now() - HOUR).toISOString() } } });
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 5 * HOUR });
  const reaped = await provider({ kubeconfig: cluster.plane.kubeconfig }).reap({ dryRun: false, now: new Date() });
  vi.useRealTimers();
  expect(reaped).toMatchObject([{ id: '0000000000c4', reason: 'expired' }]);
});

test('a run inside of the cluster: its lease goes when its pod is gone, and not before', async () => {
  cluster.double.fault('*', 'm1', 'never-scheduled');
  onTestFinished(() => cluster.double.fault('*', 'm1', undefined));
  await cluster.admin.create('/api/v1/namespaces/proofgrid/pods', { metadata: { name: 'runner' }, spec: { automountServiceAccountToken: false, serviceAccountName: 'proofgrid-provider', nodeName: cluster.double.node, containers: [{ name: 'runner', image: 'unused' }] } });
  const asked = { ...request(1, { cell: 'in-cluster' }), directory: '/tmp/run' };
  const words = ['node', LOADER, `${POD_ROOT}/test/integration/kubevirt/owner-process.ts`, '', POD_SITE, JSON.stringify(asked), JSON.stringify({ phase: 'release', request: 1, delayMs: 0 })];
  const runner = await inPod(cluster.plane, cluster.admin, { namespace: 'proofgrid', serviceAccount: 'proofgrid-provider', name: 'runner', site: siteText() }, words);
  const machine = async () => (await cluster.admin.list('/apis/kubevirt.io/v1/virtualmachines?labelSelector=proofgrid.dev/cell=in-cluster'))[0];
  let ended: string | undefined;
  const end = runner.ended.then(({ all }) => (ended = all));
  await expect.poll(async () => ended ?? (await machine())?.['status']?.printableStatus as string, LIMIT).toBe('ErrorUnschedulable');
  const name = (await machine())?.metadata.namespace ?? '';
  const shadow = `/apis/coordination.k8s.io/v1/namespaces/proofgrid/leases/${name}`;
  expect((await cluster.admin.get(shadow)).metadata.ownerReferences).toMatchObject([{ kind: 'Pod', name: 'runner' }]);
  runner.kill();
  await end;

  // its process cannot be seen from here: it was in a pid namespace of its own
  const reap = async () => provider({ kubeconfig: cluster.plane.kubeconfig }).reap({ dryRun: false, now: new Date() });
  expect(await reap(), 'its pod is there').toEqual([]);
  await cluster.admin.delete('/api/v1/namespaces/proofgrid/pods/runner', { gracePeriodSeconds: 0 });
  await expect.poll(async () => cluster.admin.find(shadow), { ...LIMIT, message: 'garbage collection' }).toBeUndefined();
  expect(await reap()).toMatchObject([{ id: name.slice('proofgrid-'.length), reason: 'orphaned' }]);
});
