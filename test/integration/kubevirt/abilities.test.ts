import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { greets } from '../../../harness/machine/login.ts';
import { sshHost } from '../../../harness/machine/ssh.ts';
import type { Checkpoints, Lease, Machine, Pause, Power } from '../../../harness/provider/contract.ts';
import { createKubevirtProvider, type KubevirtProvider } from '../../../harness/provider/kubevirt/provider.ts';
import { RESTORE_LIMIT } from '../../../harness/provider/kubevirt/restore.ts';
import { SNAPSHOT_LIMIT } from '../../../harness/provider/kubevirt/snapshot.ts';
import { path } from '../../kubevirt/double/kinds.ts';
import { kubevirtCluster, LIMIT, sshdBackend } from './cluster.ts';
import { progress, request, scratch, site, siteText } from './fixture.ts';

const MULTUS = { network: { type: 'multus', definition: 'proofgrid/cells', subnet: '192.0.2.0/24', first: '192.0.2.16', last: '192.0.2.47' } };
const ROLES = ['etcd', 'control-plane', 'worker'] as const;
const cluster = kubevirtCluster({ backend: sshdBackend, neighbours: false });
let subject: KubevirtProvider;
/** Two machines with an etcd disk each, for all tests of this file. */
let lease: Lease;
let removeDirectory: () => void;

beforeAll(async () => {
  await cluster.admin.ensure('/api/v1/namespaces', { metadata: { name: 'proofgrid' } });
  subject = createKubevirtProvider({ kubeconfig: cluster.plane.kubeconfig, site: site(MULTUS), removalLimitMs: LIMIT.timeout });
  const { directory, remove } = scratch();
  removeDirectory = remove;
  const asked = request(2, { directory });
  lease = await subject.acquire({ ...asked, machines: asked.machines.map((machine) => ({ ...machine, roles: ROLES })) }, progress());
});

afterAll(async () => {
  if (lease !== undefined) await subject.release(lease);
  await subject?.close();
  removeDirectory?.();
});

const namespace = () => `proofgrid-${lease.id}`;

function machine(index = 0): Machine {
  const found = lease.machines[index];
  if (found === undefined) throw new Error(`the lease has no machine ${index}`);
  return found;
}

async function sh(script: string, on: Machine = machine()): Promise<string> {
  const { stdout, stderr, exitCode } = await sshHost(on, []).exec(['sh', '-c', script]);
  if (exitCode !== 0) throw new Error(`${script}: ${exitCode}: ${stderr}`);
  return stdout.trim();
}

const phase = async (name: string) => (await cluster.admin.find(path('VirtualMachineInstance', namespace(), name)))?.['status']?.phase as string | undefined;

describe('power', () => {
  const power = (): Power => subject.power ?? expect.fail('a site with static addresses has power');

  test('off is a cut of one machine, which nobody takes for lost; on brings it back with disks and address', async () => {
    await sh('touch /run/before /root/before /var/lib/etcd/before');
    const uid = (await cluster.admin.get(path('VirtualMachineInstance', namespace(), 'm1'))).metadata.uid;
    await power().off(lease, 'm1');
    expect(await greets(machine(), 1000)).toBe(false);
    expect(await phase('m1')).toBeUndefined();
    expect(await subject.examine?.(lease)).toEqual([]);
    expect(await sh('hostname', machine(1))).toBe('m2');
    await expect(power().off(lease, 'm1'), 'off twice is off').resolves.toBeUndefined();

    await power().on(lease, 'm1', progress());
    expect(await sh('ls /run/before /root/before /var/lib/etcd/before 2>/dev/null || true')).toBe('/root/before\n/var/lib/etcd/before');
    expect((await cluster.admin.get(path('VirtualMachineInstance', namespace(), 'm1'))).metadata.uid).not.toBe(uid);
    await cluster.double.die(namespace(), 'm1');
    await expect.poll(async () => subject.examine?.(lease), LIMIT).toEqual(['m1 (Failed)']);
    await power().off(lease, 'm1');
    await power().on(lease, 'm1', progress());
    expect(await subject.examine?.(lease)).toEqual([]);
  });

  test('a machine that is not of the lease has no switch', async () => {
    await expect(power().off(lease, 'm9')).rejects.toMatchObject({ code: 'MACHINE_UNKNOWN' });
    await expect(power().on(lease, 'm9', progress())).rejects.toMatchObject({ code: 'MACHINE_UNKNOWN' });
  });

  test('sites where a machine comes back as another have none, and say why', () => {
    const onPods = createKubevirtProvider({ kubeconfig: cluster.plane.kubeconfig, site: site() });
    expect(onPods).toMatchObject({ missing: { power: expect.stringContaining('another address') as string } });
    expect(onPods.power).toBeUndefined();
    const fleeting = createKubevirtProvider({ kubeconfig: cluster.plane.kubeconfig, site: site({ ...MULTUS, images: { 'debian-12': { type: 'container-disk', image: 'example.com/debian:12' } } }) });
    expect(fleeting).toMatchObject({ missing: { power: expect.stringContaining('container disks') as string } });
    expect(fleeting.power).toBeUndefined();
    expect(subject.missing).toBeUndefined();
  });
});

describe('pause', () => {
  const pause = (): Pause => subject.pause ?? expect.fail('every site can pause');

  test('a counting process stands still while its machine is paused, and goes on afterwards', async () => {
    await sh('nohup sh -c \'while :; do echo >> /root/count; sleep 0.05; done\' >/dev/null 2>&1 & echo $! > /root/counter');
    const count = async () => Number(await sh('wc -l < /root/count'));
    await expect.poll(count, LIMIT).toBeGreaterThan(2);
    const uid = (await cluster.admin.get(path('VirtualMachineInstance', namespace(), 'm1'))).metadata.uid;

    await pause().pause(lease, 'm1');
    const standing = await cluster.double.outside(namespace(), 'm1', '/root/count');
    expect(await subject.examine?.(lease), 'a paused machine is not lost').toEqual([]);
    await expect(pause().pause(lease, 'm1'), 'paused twice is paused').resolves.toBeUndefined();
    await delay(1000); // twenty times what the process sleeps: one that still ran would have counted on
    expect(await cluster.double.outside(namespace(), 'm1', '/root/count')).toBe(standing);
    expect(await sh('hostname', machine(1))).toBe('m2');

    await pause().resume(lease, 'm1', progress());
    const after = await count();
    expect(after).toBeGreaterThanOrEqual(standing.length);
    await expect.poll(count, LIMIT).toBeGreaterThan(after);
    await sh('kill "$(cat /root/counter)"');
    expect((await cluster.admin.get(path('VirtualMachineInstance', namespace(), 'm1'))).metadata.uid, 'the same instance').toBe(uid);
  });

  test('a machine that is off cannot be paused, and a paused one can be switched off', async () => {
    await subject.power?.off(lease, 'm1');
    await expect(pause().pause(lease, 'm1')).rejects.toThrow('not found');
    await subject.power?.on(lease, 'm1', progress());
    await pause().pause(lease, 'm1');
    await subject.power?.off(lease, 'm1');
    await subject.power?.on(lease, 'm1', progress());
    expect(await sh('hostname')).toBe('m1');
  });
});

describe('checkpoints', () => {
  const WRITTEN = 'echo before > /root/file; echo before > /var/lib/etcd/file; rm -f /root/later /var/lib/etcd/later';
  const CHANGED = 'echo after > /root/file; echo after > /var/lib/etcd/file; touch /root/later /var/lib/etcd/later';
  const SEEN = 'cat /root/file /var/lib/etcd/file; ls /root/later /var/lib/etcd/later 2>/dev/null || true';
  const BEFORE = 'before\nbefore';
  const AFTER = 'after\nafter\n/root/later\n/var/lib/etcd/later';

  async function checkpoints(of: KubevirtProvider = subject): Promise<Checkpoints> {
    const found = await of.checkpoints?.(lease);
    if (found === undefined || 'missing' in found) return expect.fail(found?.missing ?? 'there is no such ability');
    return found;
  }
  const missing = async (of: KubevirtProvider = subject) => {
    const found = await of.checkpoints?.(lease);
    return found !== undefined && 'missing' in found ? found.missing : '';
  };
  const everywhere = async (script: string) => Promise.all(lease.machines.map(async (on) => sh(script, on)));
  const snapshots = async () => cluster.admin.list(path('VirtualMachineSnapshot', namespace()));
  const disks = async () => {
    const claims = (await cluster.admin.list(path('PersistentVolumeClaim', namespace()))).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    return claims.map(({ metadata }) => metadata.name ?? '').sort();
  };
  const finals = async () => Promise.all(lease.machines.map(async ({ name }) => (await cluster.admin.get(path('VirtualMachine', namespace(), name)))['spec'].runStrategy as string));

  test('every disk of every machine is back as it was, as often as one likes', async () => {
    const found = await checkpoints();
    await everywhere(WRITTEN);
    await found.take('first', progress());
    expect(await found.list()).toEqual(['first']);
    for (const { status } of await snapshots()) {
      expect(status).toMatchObject({ phase: 'Succeeded', readyToUse: true, snapshotVolumes: { includedVolumes: ['root', 'etcd'] } });
      expect(status.indications, 'no machine ran').toBeUndefined();
    }
    await expect(found.take('first', progress())).rejects.toMatchObject({ code: 'CHECKPOINT_EXISTS' });
    // three times the disks are what the quota allows: a restore that left the old ones would be refused the third time
    for (let turn = 1; turn <= 3; turn += 1) {
      await everywhere(CHANGED);
      expect(await everywhere(SEEN)).toEqual([AFTER, AFTER]);
      await found.restore('first', progress());
      expect(await everywhere(SEEN)).toEqual([BEFORE, BEFORE]);
      await expect.poll(disks, LIMIT).toEqual([expect.stringMatching(/^restore-/), expect.stringMatching(/^restore-/), expect.stringMatching(/^restore-/), expect.stringMatching(/^restore-/)]);
    }
    expect(await everywhere('hostname')).toEqual(['m1', 'm2']);
    expect(await cluster.admin.list(path('VirtualMachineRestore', namespace()))).toEqual([]);
    expect(await subject.examine?.(lease)).toEqual([]);
    await found.remove('first');
    expect(await snapshots()).toEqual([]);
    await expect(found.restore('first', progress())).rejects.toMatchObject({ code: 'CHECKPOINT_UNKNOWN' });
  });

  test('a snapshot that fails leaves no half checkpoint, and machines that run', async () => {
    await everywhere(CHANGED);
    cluster.double.fault(namespace(), 'm2', 'snapshot-fails');
    onTestFinished(() => {
      cluster.double.fault(namespace(), 'm2', undefined);
      vi.useRealTimers();
    });
    const taken = expect((await checkpoints()).take('half', progress())).rejects.toMatchObject({
      code: 'CHECKPOINT_FAILED',
      message: expect.stringMatching(/m2.*no space left in the pool.*run again/s) as string,
    });
    const states = async () => (await snapshots()).map(({ status }) => [status?.readyToUse as boolean, status?.error?.message as string | undefined]).sort();
    await expect.poll(states, LIMIT).toEqual([[false, expect.stringContaining('no space left in the pool')], [true, undefined]]);
    // the deadline that the product has set is over for the double, however long it took until here
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + SNAPSHOT_LIMIT + 1000 });
    cluster.double.fault(namespace(), 'm2', 'snapshot-fails');
    await taken;
    expect(await subject.examine?.(lease), 'asked of whoever had cut them off').toEqual([]);
    expect(await snapshots()).toEqual([]);
    expect(await everywhere(SEEN)).toEqual([AFTER, AFTER]);
  });

  test('a restore that fails on one machine leaves all on the disks that they had', async () => {
    // its requests are limited by the clock that jumps below, and nobody else's
    const own = createKubevirtProvider({ kubeconfig: cluster.plane.kubeconfig, site: site(MULTUS) });
    const found = await checkpoints(own);
    await everywhere(WRITTEN);
    await found.take('second', progress());
    await everywhere(CHANGED);
    const before = await disks();
    cluster.double.fault(namespace(), 'm2', 'restore-fails');
    onTestFinished(async () => {
      cluster.double.fault(namespace(), 'm2', undefined);
      vi.restoreAllMocks();
      await own.close();
    });
    const restored = expect(found.restore('second', progress())).rejects.toMatchObject({ code: 'CHECKPOINT_FAILED', message: expect.stringContaining('missing volumeSnapshot') as string });
    const told = async () => JSON.stringify((await cluster.admin.list(path('VirtualMachineRestore', namespace()))).map(({ status }) => status?.conditions as object));
    await expect.poll(told, LIMIT).toContain('missing volumeSnapshot');
    // the limit of the restore is over when the fault shows, and not before
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + RESTORE_LIMIT + 1000);
    await restored;
    vi.restoreAllMocks();
    cluster.double.fault(namespace(), 'm2', undefined);
    expect(await everywhere(SEEN)).toEqual([AFTER, AFTER]);
    await expect.poll(disks, LIMIT).toEqual(before);
    await (await checkpoints()).restore('second', progress());
    expect(await everywhere(SEEN)).toEqual([BEFORE, BEFORE]);
  });

  test('an interrupted one leaves nothing half-made either', async () => {
    const interrupt = new AbortController();
    cluster.double.fault(namespace(), 'm1', 'snapshot-fails');
    const taken = (await checkpoints()).take('third', progress(interrupt.signal));
    const outcome = expect(taken).rejects.toThrow('enough');
    try {
      await expect.poll(async () => (await snapshots()).filter(({ metadata }) => metadata.name?.startsWith('third.')).length, LIMIT).toBe(2);
      interrupt.abort(new Error('enough'));
      await outcome;
    } finally {
      cluster.double.fault(namespace(), 'm1', undefined);
    }
    expect(await (await checkpoints()).list()).toEqual(['second']);
    expect((await snapshots()).length).toBe(2);
    expect(await finals()).toEqual(['Once', 'Once']);
    for (const { name } of lease.machines) await subject.power?.on(lease, name, progress());
  });

  test('a run that is killed in the middle leaves nothing that reap does not remove', async () => {
    const siteFile = join(cluster.plane.directory, 'multus.yaml');
    await writeFile(siteFile, siteText(MULTUS));
    const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
    cluster.double.fault('*', '*', 'snapshot-fails');
    onTestFinished(() => cluster.double.fault('*', '*', undefined));
    const words = ['--import', file('../provider/typescript-loader.mjs'), file('checkpoint-process.ts'), cluster.plane.kubeconfig, siteFile, JSON.stringify(request(1, { cell: 'killed' }))];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    const exit = once(child, 'exit');
    const [id] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const machines = `/apis/kubevirt.io/v1/namespaces/proofgrid-${id}/virtualmachines`;
    // the machine is off, and KubeVirt has it in its hands
    await expect.poll(async () => (await cluster.admin.get(`${machines}/m1`))['status'] as object, LIMIT).toMatchObject({ snapshotInProgress: 'killed.m1' });
    child.kill('SIGKILL');
    await exit;
    expect(await subject.reap({ dryRun: false, now: new Date() })).toEqual([expect.objectContaining({ id, reason: 'orphaned' })]);
    const left = await cluster.admin.list('/api/v1/namespaces?labelSelector=proofgrid.dev/lease');
    expect(left.map(({ metadata }) => metadata.name)).toEqual([namespace()]);
    expect((await cluster.admin.list('/apis/snapshot.kubevirt.io/v1beta1/virtualmachinesnapshots')).filter(({ metadata }) => metadata.namespace !== namespace())).toEqual([]);
  });

  test('without what they need there are none, and the reason is told', async () => {
    expect(await missing()).toBe('');
    const onPods = createKubevirtProvider({ kubeconfig: cluster.plane.kubeconfig, site: site() });
    expect(await missing(onPods)).toContain('another address');
    onPods.close();

    cluster.double.snapshotGate(false);
    expect(await missing()).toContain('snapshot feature gate not enabled');
    cluster.double.snapshotGate(true);

    await cluster.admin.delete('/apis/snapshot.storage.k8s.io/v1/volumesnapshotclasses/standard-snapshots');
    await expect.poll(missing, LIMIT).toContain('No VolumeSnapshotClass');
    await expect.poll(missing, LIMIT).toContain('StorageClass [standard] [etcd]');

    // the last of this cluster: nobody needs them any more
    await cluster.admin.delete('/apis/apiextensions.k8s.io/v1/customresourcedefinitions/virtualmachinerestores.snapshot.kubevirt.io');
    await expect.poll(missing, LIMIT).toContain('the cluster has no VirtualMachineRestore');
  });
});
