import { expect, test } from 'vitest';
import { sshHost } from '../../../harness/machine/ssh.ts';
import { progress, provider, withLease } from './fixture.ts';

test('a power cut kills at once; disks and address survive, /run does not', async () => {
  await withLease(2, async (lease) => {
    const [machine, neighbour] = lease.machines;
    if (machine === undefined || neighbour === undefined) return expect.fail('no machines');
    const host = sshHost(machine, []);
    await host.exec(['touch', '/run/before', '/root/before', '/var/lib/etcd/before']);
    const id = (await host.exec(['cat', '/etc/machine-id'])).stdout;

    await provider.power.off(lease, 'm1');
    await expect(host.exec(['true'])).rejects.toMatchObject({ code: 'MACHINE_UNREACHABLE', fault: 'infrastructure' });
    await expect(provider.power.off(lease, 'm1'), 'off twice is off').resolves.toBeUndefined();
    expect((await sshHost(neighbour, []).exec(['true'])).exitCode).toBe(0);

    await provider.power.on(lease, 'm1', progress());
    const left = await host.exec(['ls', '/run/before', '/root/before', '/var/lib/etcd/before']);
    expect(left.stdout.trim().split('\n')).toEqual(['/root/before', '/var/lib/etcd/before']);
    expect((await host.exec(['cat', '/etc/machine-id'])).stdout).toBe(id);
    expect((await host.exec(['findmnt', '-no', 'PROPAGATION', '/'])).stdout.trim()).toBe('shared');
    // Both starts are on the console.
    expect((await provider.console.read(lease, 'm1')).match(/running in system mode/g)).toHaveLength(2);
  });
});

test('a machine that is not of the lease has no switch', async () => {
  await withLease(1, async (lease) => {
    await expect(provider.power.off(lease, 'm9')).rejects.toMatchObject({ code: 'MACHINE_UNKNOWN' });
  });
});
