import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { sshHost } from '../../../harness/machine/ssh.ts';
import { ApiClient } from '../../kubevirt/api-client.ts';
import { startControlPlane, type ControlPlane } from '../../kubevirt/control-plane.ts';
import { containerBackend } from '../../kubevirt/double/container-backend.ts';
import { startDouble, type Double } from '../../kubevirt/double/double.ts';
import { path } from '../../kubevirt/double/kinds.ts';
import { machineImage, podman } from '../provider/fixture.ts';
import { progress, provider, request } from './fixture.ts';

let plane: ControlPlane;
let admin: ApiClient;
let double: Double;

beforeAll(async () => {
  plane = await startControlPlane();
  admin = await ApiClient.connect(plane.kubeconfig);
  double = await startDouble(plane, containerBackend({ image: await machineImage(), seeds: [] }));
});
afterAll(async () => {
  await double?.stop();
  admin?.close();
  await plane?.stop();
});
afterEach(({ task }) => {
  if (task.result?.state === 'fail') process.stderr.write(`${double.problems.slice(-5).join('\n')}\n`);
});

test('a cell of three machines comes with proven logins, and goes whole', async () => {
  const kubevirt = provider({ kubeconfig: plane.kubeconfig });
  const said: string[] = [];
  const lease = await kubevirt.acquire(request(3), progress(undefined, said));
  const namespace = `proofgrid-${lease.id}`;
  try {
    expect(lease.machines.map(({ name }) => name)).toEqual(['m1', 'm2', 'm3']);
    for (const machine of lease.machines) {
      expect(await sshHost(machine, []).exec(['hostname'])).toMatchObject({ exitCode: 0, stdout: `${machine.name}\n` });
      expect(await kubevirt.console?.read(lease, machine.name)).toContain('systemd');
    }
    const quota = await admin.get(`/api/v1/namespaces/${namespace}/resourcequotas/cell`);
    expect(quota['status'].used, 'the quota counts what was made').toMatchObject({ 'count/virtualmachines.kubevirt.io': '3' });
    await kubevirt.heartbeat(lease);
    expect(await kubevirt.reap({ dryRun: true, now: new Date(Date.now() + 3_600_000) }), 'its owner lives').toEqual([]);
    expect(await kubevirt.find(lease.id, lease.machines[0]?.identityFile.replace(/\/[^/]*$/, '') ?? '')).toMatchObject({ id: lease.id });
  } finally {
    await kubevirt.release(lease);
  }
  expect(await admin.find(`/api/v1/namespaces/${namespace}`)).toBeUndefined();
  expect(await admin.list(path('VirtualMachine', namespace))).toEqual([]);
  await expect.poll(async () => podman('ps', '--all', '--quiet', '--filter', `label=dev.proofgrid.cell=kubevirt-double-${namespace}`), { timeout: 20_000 }).toBe('');
  await expect(kubevirt.release(lease), 'released twice').resolves.toBeUndefined();
});
