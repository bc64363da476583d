import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sshHost } from '../../../harness/machine/ssh.ts';
import { containerBackend } from '../../kubevirt/double/container-backend.ts';
import { path } from '../../kubevirt/double/kinds.ts';
import { machineImage, podman } from '../provider/fixture.ts';
import { audited, kubevirtCluster, LIMIT } from './cluster.ts';
import { progress, provider, request, site } from './fixture.ts';

const cluster = kubevirtCluster({ backend: async () => containerBackend({ image: await machineImage(), seeds: [] }), neighbours: false });

test('a cell of three machines comes with proven logins, and goes whole', async () => {
  const kubevirt = provider({ kubeconfig: cluster.plane.kubeconfig });
  const said: string[] = [];
  const lease = await kubevirt.acquire(request(3), progress(undefined, said));
  const namespace = `proofgrid-${lease.id}`;
  try {
    expect(lease.machines.map(({ name }) => name)).toEqual(['m1', 'm2', 'm3']);
    for (const machine of lease.machines) {
      expect(await sshHost(machine, []).exec(['hostname'])).toMatchObject({ exitCode: 0, stdout: `${machine.name}\n` });
      await expect.poll(async () => kubevirt.console?.read(lease, machine.name), LIMIT).toContain('systemd');
    }
    const quota = async () => (await cluster.admin.get(`/api/v1/namespaces/${namespace}/resourcequotas/cell`))['status'] as { hard: object; used: object };
    expect((await quota()).hard, 'the quota was in force before there were machines').toMatchObject({ 'count/virtualmachines.kubevirt.io': '3' });
    // admission counts at once, unless its own copy of the quota is older than what we have read; then the controller does
    await expect.poll(async () => (await quota()).used, { ...LIMIT, message: 'the quota counts what was made' }).toMatchObject({ 'count/virtualmachines.kubevirt.io': '3' });
    await kubevirt.heartbeat(lease); // the first one also reads the lease
    const before = await kubevirt.requests();
    for (let beat = 0; beat < 6; beat += 1) await kubevirt.heartbeat(lease);
    expect((await kubevirt.requests()) - before, 'two minutes of heartbeats: at most 5 a minute even for a single machine').toBe(9);
    expect(await kubevirt.reap({ dryRun: true, now: new Date(Date.now() + 3_600_000) }), 'its owner lives').toEqual([]);
    expect(await kubevirt.find(lease.id, lease.machines[0]?.identityFile.replace(/\/[^/]*$/, '') ?? '')).toMatchObject({ id: lease.id });
  } finally {
    await kubevirt.release(lease);
  }
  expect(await cluster.admin.find(`/api/v1/namespaces/${namespace}`)).toBeUndefined();
  expect(await cluster.admin.list(path('VirtualMachine', namespace))).toEqual([]);
  await expect.poll(async () => podman('ps', '--all', '--quiet', '--filter', `label=dev.proofgrid.cell=kubevirt-double-${namespace}`), LIMIT).toBe('');
  await expect(kubevirt.release(lease), 'released twice').resolves.toBeUndefined();
});

describe('while nobody counts by quotas', () => {
  let runner: string;
  beforeAll(async () => {
    runner = await cluster.plane.kubeconfigOf('runner', ['system:masters']);
    await cluster.plane.restartManager(['resourcequota-controller']);
  });
  afterAll(async () => cluster.plane.restartManager());

  test('no machine is made, and the error names the quota', async () => {
    const acquired = provider({ kubeconfig: runner, quotaLimitMs: 2000 }).acquire(request(2), progress());
    await expect(acquired).rejects.toMatchObject({
      code: 'QUOTA_NOT_IN_FORCE',
      fault: 'infrastructure',
      message: expect.stringMatching(/proofgrid-[0-9a-f]{12}\/cell is not in force.*count\/virtualmachines\.kubevirt\.io/s) as string,
    });
    expect(await written('runner')).toEqual(new Set(['namespaces', 'resourcequotas', 'limitranges', 'networkpolicies']));
  });

  test('the cell waits, and comes as soon as somebody does', async () => {
    const said: string[] = [];
    const kubevirt = provider({ kubeconfig: runner });
    const acquired = kubevirt.acquire(request(1, { cell: 'patient' }), progress(undefined, said));
    await Promise.race([acquired, expect.poll(() => said.join('\n'), LIMIT).toContain('waits until the quota')]);
    const [namespace] = await cluster.admin.list('/api/v1/namespaces?labelSelector=proofgrid.dev/cell=patient');
    expect(await cluster.admin.list(path('VirtualMachine', namespace?.metadata.name ?? ''))).toEqual([]);
    await cluster.plane.restartManager();
    const lease = await acquired;
    await kubevirt.release(lease);
    expect(lease.machines.map(({ name }) => name)).toEqual(['m1']);
  });
});

test('machines, and the workers that fill their disks, wait for the service account that Kubernetes gives every namespace', async () => {
  const waits = site({ storage: { root: '4Gi', etcd: '1Gi', class: 'csi-waits' } });
  const conditionsOf = (kind: 'VirtualMachineInstance' | 'DataVolume', name: string, cell: string) => async () => {
    const [namespace] = await cluster.admin.list(`/api/v1/namespaces?labelSelector=proofgrid.dev/cell=${cell}`);
    const found = await cluster.admin.find(path(kind, namespace?.metadata.name ?? '', name));
    return JSON.stringify(found?.['status']?.conditions ?? []);
  };
  await cluster.plane.restartManager(['serviceaccount-controller']);
  try {
    // a class that waits for its consumer has the machine's pod first, any other the worker's
    const cells = [
      { cell: 'machine-first', options: { site: waits }, refusal: conditionsOf('VirtualMachineInstance', 'm1', 'machine-first'), says: 'error looking up service account' },
      { cell: 'worker-first', options: {}, refusal: conditionsOf('DataVolume', 'root-m1', 'worker-first'), says: 'ErrStartingPod' },
    ].map(({ cell, options, ...rest }) => {
      const kubevirt = provider({ kubeconfig: cluster.plane.kubeconfig, ...options });
      return { ...rest, kubevirt, acquired: kubevirt.acquire(request(1, { cell }), progress()) };
    });
    await Promise.all(cells.map(async ({ acquired, refusal, says }) => Promise.race([acquired, expect.poll(refusal, LIMIT).toContain(says)])));
    await cluster.plane.restartManager();
    for (const { kubevirt, acquired } of cells) await kubevirt.release(await acquired);
  } finally {
    await cluster.plane.restartManager();
  }
});

/** Resources that a user has written, by the API server's audit log. */
async function written(user: string): Promise<Set<string>> {
  const requests = await audited(cluster.plane);
  return new Set(requests.flatMap(({ user: { username }, verb, objectRef }) => (username === user && ['create', 'patch'].includes(verb) ? (objectRef?.resource ?? '') : [])));
}
