import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import pLimit from 'p-limit';
import { expect, onTestFinished, test } from 'vitest';
import { sshHost } from '../../../harness/machine/ssh.ts';
import type { ReapedLease } from '../../../harness/provider/contract.ts';
import { kubevirtCluster, LIMIT, sshdBackend } from './cluster.ts';
import { progress, provider, request, site, siteText } from './fixture.ts';
import { moments, type Moment } from './moments.ts';
import { guestsOf } from './neighbours.ts';
import { patience } from './patience.ts';

const cluster = kubevirtCluster({ backend: sshdBackend, neighbours: 'looked at by the tests themselves' });

/** The same moments each time; another seed by hand tries others. */
const SEED = Number(process.env['PROOFGRID_KILL_SEED'] ?? 20);
/** Runners at a time: each is a Node.js process of its own. */
const AT_ONCE = 4;
/** Each lease holds an address of the site, so that what lies outside of the namespace has to be found, too. */
const NETWORK = { network: { type: 'bridge', virtualAddresses: Array.from({ length: 32 }, (_, index) => `127.77.0.${index + 1}`) } };

/** Written once: runners beside each other read it while others start. */
const siteFile = () => join(cluster.plane.directory, 'site.yaml');

/** A run with a cell of its own that kills itself with SIGKILL at that moment. Resolves with the phases that it began. */
async function killed(moment: Moment, cell: string): Promise<string[]> {
  const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const words = ['--import', file('../provider/typescript-loader.mjs'), file('owner-process.ts'), cluster.plane.kubeconfig, siteFile(), JSON.stringify(request(1, { cell, virtualAddress: true })), JSON.stringify(moment)];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const exit = once(child, 'exit');
  const said = text(child.stderr);
  const phases: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) phases.push(line);
  expect([...(await exit), await said] as unknown[], `${cell} ended by SIGKILL at ${JSON.stringify(moment)}`).toEqual([null, 'SIGKILL', '']);
  return phases;
}

const leases = async () => (await cluster.admin.list('/api/v1/namespaces?labelSelector=proofgrid.dev/site=test,proofgrid.dev/run')).map(({ metadata }) => metadata.labels?.['proofgrid.dev/cell']);
const addresses = async () => (await cluster.admin.list('/apis/coordination.k8s.io/v1/namespaces/proofgrid/leases')).map(({ metadata }) => metadata.labels?.['proofgrid.dev/cell']);

test('runs that are killed at twenty moments of their lives are reaped whole; a living run and other people stay', async () => {
  await cluster.admin.ensure('/api/v1/namespaces', { metadata: { name: 'proofgrid' } });
  await writeFile(siteFile(), siteText(NETWORK));
  const kubevirt = provider({ kubeconfig: cluster.plane.kubeconfig, site: site(NETWORK), removalLimitMs: LIMIT.timeout });
  const living = await kubevirt.acquire(request(1, { cell: 'living', virtualAddress: true }), progress());
  const whole = moments(await kubevirt.requests(), SEED);
  expect(whole).toHaveLength(20);

  const limit = pLimit(AT_ONCE);
  const phases = await Promise.all(whole.map((moment, index) => limit(() => killed(moment, `killed-${index}`))));
  expect(phases.map((begun) => begun.at(-1)), `seed ${SEED}`).toEqual(whole.map(({ phase }) => phase));
  const left = await leases();
  // the last moments of an acquisition, and all of the steady state, have a lease to leave
  for (const [index, { phase }] of whole.entries()) if (phase === 'steady') expect(left).toContain(`killed-${index}`);

  // what the API server still did for the last of them after its end is for a second look, as in a CronJob
  const reaped: ReapedLease[] = [];
  const look = async () => {
    reaped.push(...(await kubevirt.reap({ dryRun: false, now: new Date() })));
    return { leases: await leases(), addresses: await addresses() };
  };
  await expect.poll(look, LIMIT).toEqual({ leases: ['living'], addresses: ['living'] });
  expect(reaped.flatMap(({ remaining = [] }) => remaining)).toEqual([]);
  expect(['orphaned', 'incomplete']).toEqual(expect.arrayContaining([...new Set(reaped.map(({ reason }) => reason))]));
  const namespace = `proofgrid-${living.id}`;
  await expect.poll(async () => (await cluster.others.remains()).filter((object) => !object.includes(namespace) && !object.startsWith('proofgrid/')), LIMIT).toEqual([`cluster/${(await volumeOf(namespace)) ?? ''}`]);
  const gone = reaped.map(({ id }) => `proofgrid-${id}`);
  await expect.poll(async () => guestsOf(gone), LIMIT).toEqual([]);
  expect(await kubevirt.reap({ dryRun: false, now: new Date() }), 'nothing is left for a second time').toEqual([]);

  await cluster.others.untouched();
  await kubevirt.heartbeat(living);
  const [machine] = living.machines;
  expect(machine && (await sshHost(machine, []).exec(['hostname'])).stdout).toBe('m1\n');
  await kubevirt.release(living);
  await expect.poll(async () => [...(await cluster.others.remains()), ...(await guestsOf([namespace]))], LIMIT).toEqual([]);
  await cluster.others.untouched();
});

/** Volumes are no part of any namespace. */
async function volumeOf(namespace: string): Promise<string | undefined> {
  const volumes = await cluster.admin.list('/api/v1/persistentvolumes');
  return volumes.find(({ spec }) => spec.claimRef.namespace === namespace)?.metadata.name;
}

test('a namespace that does not go away is diagnosed, never forced', async () => {
  cluster.double.fault('*', 'm1', 'no-address');
  onTestFinished(() => cluster.double.fault('*', 'm1', undefined));
  const kubevirt = provider({ kubeconfig: cluster.plane.kubeconfig, removalLimitMs: 15_000, limits: patience().limits });
  const abort = new AbortController();
  const acquired = kubevirt.acquire(request(1, { cell: 'stuck' }), progress(abort.signal)).catch((error: unknown) => error as Error);
  const find = async () => cluster.admin.list('/apis/kubevirt.io/v1/virtualmachines?labelSelector=proofgrid.dev/cell=stuck');
  await expect.poll(async () => (await find())[0]?.metadata.finalizers, LIMIT).toHaveLength(1);
  const [found] = await find();
  const machine = `/apis/kubevirt.io/v1/namespaces/${found?.metadata.namespace ?? ''}/virtualmachines/m1`;
  await cluster.admin.merge(machine, { metadata: { finalizers: [...(found?.metadata.finalizers ?? []), 'somebody.example.com/holds-it'] } });
  abort.abort(new Error('asked to stop'));
  expect(await acquired).toMatchObject({ code: 'LEASE_LEAKED', fault: 'leaked', message: expect.stringMatching(/VirtualMachine\/m1 waits for the finalizer .*somebody\.example\.com\/holds-it/) as string });
  await cluster.admin.merge(machine, { metadata: { finalizers: [] } });
  await cluster.others.alone();
  await cluster.others.untouched();
});
