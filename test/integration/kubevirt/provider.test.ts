import { dirname } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { closeSshMasters, sshHost } from '../../../harness/machine/ssh.ts';
import type { Lease, Machine } from '../../../harness/provider/contract.ts';
import { processOwner } from '../../../harness/provider/owner.ts';
import { MachineStartError } from '../../../harness/provider/start-error.ts';
import { path } from '../../kubevirt/double/kinds.ts';
import { kubevirtCluster, LIMIT, sshdBackend } from './cluster.ts';
import { progress, provider, request, site } from './fixture.ts';
import { guestsOf } from './neighbours.ts';
import { patience } from './patience.ts';

const cluster = kubevirtCluster({ backend: sshdBackend });

/** The machine of a lease of one. */
function only(lease: Lease | undefined): Machine {
  const [machine] = lease?.machines ?? [];
  if (machine === undefined) throw new Error('the lease has no machine');
  return machine;
}

const leases = async () => (await cluster.admin.list('/api/v1/namespaces?labelSelector=proofgrid.dev/run')).map(({ metadata }) => metadata.labels?.['proofgrid.dev/lease']);

test('through the API server: the same addresses, logins over a listener of ours, found again by another process', async () => {
  const subject = provider({ kubeconfig: cluster.plane.kubeconfig, site: site({ access: 'api-server' }) });
  const lease = await subject.acquire(request(1), progress());
  const machine = only(lease);
  expect(machine).toMatchObject({ port: 22, via: { address: '127.0.0.1' } });
  expect(machine.address).toMatch(/^10\./);
  expect(lease.properties['access-m1']).toBe('API server');
  expect((await sshHost(machine, []).exec(['hostname'])).stdout).toBe('m1\n');
  const large = await sshHost(machine, []).exec(['head', '-c', '3000000', '/dev/zero']);
  expect(large.stdout).toHaveLength(3_000_000);

  const other = provider({ kubeconfig: cluster.plane.kubeconfig, site: site({ access: 'api-server' }) });
  const again = await other.find(lease.id, dirname(machine.identityFile));
  expect((await sshHost(only(again), []).exec(['hostname'])).stdout).toBe('m1\n');
  await closeSshMasters();
  await subject.release(lease);
  expect(await leases()).toEqual([]);
});

test('a renewal is one request, every second one looks at the machines, and a lost machine is told', async () => {
  const subject = provider({ kubeconfig: cluster.plane.kubeconfig });
  const lease = await subject.acquire(request(1), progress());
  await subject.heartbeat(lease);
  const before = await subject.requests();
  await subject.heartbeat(lease);
  await subject.heartbeat(lease);
  expect((await subject.requests()) - before).toBe(3);
  expect(await subject.examine?.(lease)).toEqual([]);
  await cluster.double.die(`proofgrid-${lease.id}`, 'm1');
  await expect.poll(async () => subject.heartbeat(lease).then(() => '', String), LIMIT).toMatch(/m1 \(Failed\).*MACHINE_LOST/);
  expect(await subject.examine?.(lease)).toEqual(['m1 (Failed)']);
  await subject.release(lease);
  await expect(subject.heartbeat(lease)).rejects.toThrow('LEASE_GONE');
});

test('what another host leaves goes when it is expired, by the API server\'s clock, and only for its own site', async () => {
  const there = provider({ kubeconfig: cluster.plane.kubeconfig, site: site({}, 'there') });
  const lease = await there.acquire(request(1), progress());
  const path = `/api/v1/namespaces/proofgrid-${lease.id}`;
  const owner = JSON.stringify({ ...processOwner('gone'), bootId: 'another-host', pidNamespace: 'pid:[1]' });
  await cluster.admin.merge(path, { metadata: { annotations: { 'proofgrid.dev/owner': owner } } });
  const later = { dryRun: false, now: new Date(Date.now() + 3_600_000) };
  expect(await provider({ kubeconfig: cluster.plane.kubeconfig }).reap(later), "another site's").toEqual([]);
  expect(await there.reap({ dryRun: false, now: new Date() }), 'not expired yet').toEqual([]);
  await there.keep(lease, 7_200_000);
  await cluster.admin.merge(path, { metadata: { annotations: { 'proofgrid.dev/owner': owner } } });
  expect(await there.reap(later), 'kept for longer').toEqual([]);
  const end = { dryRun: false, now: new Date(Date.now() + 7_300_000) };
  expect(await there.reap(end)).toMatchObject([{ id: lease.id, reason: 'expired', resources: expect.arrayContaining([`namespace/proofgrid-${lease.id}`]) as string[] }]);
  expect(await leases()).toEqual([]);
});

test('a cloud-init that never finishes, behind an sshd that answers', async () => {
  cluster.double.fault('*', 'm1', 'cloud-init-hangs');
  onTestFinished(() => cluster.double.fault('*', 'm1', undefined));
  const { limits } = patience();
  let login = false;
  // the guest has no limit until somebody has logged in
  const patient = {
    ...limits,
    get 'ssh login'() {
      login = true;
      return limits['ssh login'];
    },
    get 'cloud-init finished'() {
      return login ? 2000 : limits['cloud-init finished'];
    },
  };
  const error = await provider({ kubeconfig: cluster.plane.kubeconfig, limits: patient }).acquire(request(1), progress()).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(MachineStartError);
  expect(error).toMatchObject({ fault: 'infrastructure', stage: 'cloud-init finished', machine: 'm1', console: expect.stringMatching(/== VirtualMachineInstance m1: Running[^]*== Events[^]*== Console[^]*Server listening/) as string });
  expect(login).toBe(true);
});

test('in use: a restart of the API server takes nothing away, and what is deleted by hand is told', async () => {
  const subject = provider({ kubeconfig: cluster.plane.kubeconfig, retryLimitMs: LIMIT.timeout });
  const lease = await subject.acquire(request(2), progress());
  const namespace = `proofgrid-${lease.id}`;
  await cluster.plane.stopApiServer();
  const renewed = subject.heartbeat(lease);
  for (const machine of lease.machines) expect((await sshHost(machine, []).exec(['hostname'])).stdout).toBe(`${machine.name}\n`);
  await cluster.plane.startApiServer();
  await renewed;
  expect(await subject.examine?.(lease)).toEqual([]);

  await cluster.admin.delete(path('VirtualMachineInstance', namespace, 'm1'));
  await cluster.admin.delete(path('VirtualMachine', namespace, 'm2'));
  await expect.poll(async () => subject.examine?.(lease), LIMIT).toEqual([expect.stringMatching(/^m1 \((its VirtualMachineInstance is gone|another VirtualMachineInstance runs in its place)\)$/), 'm2 (its VirtualMachineInstance is gone)']);
  // KubeVirt makes the instance anew, as long as its VirtualMachine is there: that does not heal anything
  await expect.poll(async () => (await cluster.admin.find(path('VirtualMachineInstance', namespace, 'm1')))?.['status']?.phase, LIMIT).toBe('Running');
  expect(await subject.examine?.(lease)).toEqual(['m1 (another VirtualMachineInstance runs in its place)', 'm2 (its VirtualMachineInstance is gone)']);
  await expect.poll(async () => subject.heartbeat(lease).then(() => '', String), LIMIT).toMatch(/m1 .*m2 .*MACHINE_LOST/);
  await subject.release(lease);
  await expect.poll(async () => guestsOf([namespace]), LIMIT).toEqual([]);
});
