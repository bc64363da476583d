import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { STAGE_LIMITS } from '../../../harness/provider/kubevirt/stage.ts';
import { ApiClient } from '../../kubevirt/api-client.ts';
import { startControlPlane, type ControlPlane } from '../../kubevirt/control-plane.ts';
import { startDouble, type Double } from '../../kubevirt/double/double.ts';
import { stubBackend } from '../../kubevirt/double/stub-backend.ts';
import { progress, provider, request, siteText } from './fixture.ts';

let plane: ControlPlane;
let admin: ApiClient;
let double: Double;
let siteFile: string;
const backend = stubBackend();

beforeAll(async () => {
  plane = await startControlPlane();
  admin = await ApiClient.connect(plane.kubeconfig);
  double = await startDouble(plane, backend);
  siteFile = join(plane.directory, 'site.yaml');
  await writeFile(siteFile, siteText());
});
afterAll(async () => {
  await double?.stop();
  admin?.close();
  await plane?.stop();
});

/** Milliseconds from a runner's first word until its machines run here; moments are spread over it and beyond. */
const SPAN = 4000;
const MOMENTS = 20;
/** Runners at a time: each is a Node.js process of its own. */
const AT_ONCE = 5;

/** Starts a run and kills it with SIGKILL that many milliseconds after it began to acquire. */
async function killedAfter(moment: number): Promise<void> {
  const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const words = ['--import', file('../provider/typescript-loader.mjs'), file('owner-process.ts'), plane.kubeconfig, siteFile, JSON.stringify(request(2, { cell: `killed-${moment}` }))];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) if (line === 'begin') break;
  await delay(moment);
  child.kill('SIGKILL');
  await exit;
}

const leases = async () => (await admin.list('/api/v1/namespaces?labelSelector=proofgrid.dev/site')).map(({ metadata }) => metadata.labels?.['proofgrid.dev/cell']);

test(`runs that are killed at ${MOMENTS} moments are reaped whole; a living run and a foreign namespace stay`, async () => {
  await admin.create('/api/v1/namespaces', { metadata: { name: 'foreign', labels: { 'proofgrid.dev/lease': 'foreign', 'proofgrid.dev/site': 'test' } } });
  // a stub never answers on SSH, and the living run has to wait for it until the killed ones are dealt with
  const limits = { ...STAGE_LIMITS, 'ssh login': 3_600_000, 'cloud-init finished': 3_600_000 };
  const kubevirt = provider({ kubeconfig: plane.kubeconfig, limits });
  const abort = new AbortController();
  const living = kubevirt.acquire(request(1, { cell: 'living' }), progress(abort.signal)).catch((error: unknown) => error);
  await expect.poll(async () => [...backend.guests.values()].length, { timeout: 30_000 }).toBe(1);

  const moments = Array.from({ length: MOMENTS }, (_, index) => Math.round((SPAN * index) / MOMENTS));
  for (let start = 0; start < MOMENTS; start += AT_ONCE) await Promise.all(moments.slice(start, start + AT_ONCE).map(killedAfter));
  expect((await leases()).filter((cell) => cell?.startsWith('killed-')).length, 'most of them had begun').toBeGreaterThan(MOMENTS / 2);

  const reaped = await kubevirt.reap({ dryRun: false, now: new Date() });
  expect(reaped.flatMap(({ remaining = [] }) => remaining)).toEqual([]);
  expect(new Set(reaped.map(({ reason }) => reason))).toEqual(new Set(['orphaned']));
  expect((await leases()).toSorted()).toEqual(['living', undefined].toSorted());
  expect([...backend.guests.keys()], 'the machine of the living run').toHaveLength(1);
  expect(await admin.find('/api/v1/namespaces/foreign')).toBeDefined();
  abort.abort(new Error('done'));
  await living;
});

test('a namespace that does not go away is diagnosed, never forced', async () => {
  const kubevirt = provider({ kubeconfig: plane.kubeconfig, removalLimitMs: 3000 });
  const abort = new AbortController();
  const acquired = kubevirt.acquire(request(1, { cell: 'stuck' }), progress(abort.signal)).catch((error: unknown) => error as Error);
  await expect.poll(async () => [...backend.guests.values()].length, { timeout: 30_000 }).toBe(1);
  const [namespace] = await admin.list('/api/v1/namespaces?labelSelector=proofgrid.dev/cell=stuck');
  const machine = `/apis/kubevirt.io/v1/namespaces/${namespace?.metadata.name ?? ''}/virtualmachines/m1`;
  const { metadata } = await admin.get(machine);
  await admin.merge(machine, { metadata: { finalizers: [...(metadata.finalizers ?? []), 'somebody.example.com/holds-it'] } });
  abort.abort(new Error('asked to stop'));
  expect(await acquired).toMatchObject({ code: 'LEASE_LEAKED', fault: 'leaked', message: expect.stringContaining('somebody.example.com/holds-it') as string });
  await admin.merge(machine, { metadata: { finalizers: [] } });
  await expect.poll(async () => (await leases()).includes('stuck'), { timeout: 60_000 }).toBe(false);
});
