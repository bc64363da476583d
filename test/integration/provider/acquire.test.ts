import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { closeSshMasters, sshHost } from '../../../harness/machine/ssh.ts';
import { READY_LIMIT } from '../../../harness/provider/container/ready.ts';
import { processOwner } from '../../../harness/provider/owner.ts';
import { MachineStartError } from '../../../harness/provider/start-error.ts';
import { CELL, expectNoTraces, GIBIBYTE, NO_TRACES, podman, progress, provider, request, temporary, traces, volumeNames, withLease } from './fixture.ts';

test('machines are what a kubelet needs, limited, and gone afterwards without a trace', async () => {
  const before = await volumeNames();
  const seed = temporary('seed');
  const seen = await withLease(
    2,
    async (lease) => {
      expect(lease.virtualAddress).toMatch(/\.250$/);
      const host = sshHost(lease.machines[0] ?? expect.fail('no machine'), []);
      const say = async (...words: string[]) => (await host.exec(words)).stdout.trim();
      expect(await say('hostname')).toBe('m1');
      expect(await say('findmnt', '-no', 'PROPAGATION', '/')).toBe('shared');
      expect(await say('findmnt', '-no', 'PROPAGATION', '/var/lib/kubelet')).toBe('shared');
      expect(await say('findmnt', '-no', 'FSTYPE', '/var/lib/containerd')).not.toBe('overlay');
      expect((await host.exec(['touch', '/opt/seed/x'])).stderr).toMatch(/Read-only file system/);
      expect((await host.exec(['sysctl', '-w', 'net.ipv4.ip_forward=1'])).exitCode).toBe(0);
      expect((await host.exec(['test', '-c', '/dev/kmsg'])).exitCode).toBe(0);
      expect((await host.exec(['mv', '/etc/hosts', '/etc/hosts.old'])).exitCode, '/etc/hosts can be replaced').toBe(0);
      const details = JSON.parse(await podman('inspect', `proofgrid-${lease.id}-m1`)) as { HostConfig: { Memory: number; NanoCpus: number; PidsLimit: number } }[];
      expect(details[0]?.HostConfig).toMatchObject({ Memory: GIBIBYTE, NanoCpus: 1e9 });
      expect(await provider.console.read(lease, 'm1')).toContain('systemd');
      expect(await traces(lease.id, lease.network)).not.toEqual(NO_TRACES);
      expect((await provider.capacity()).leases).toBeGreaterThan(0);
      return lease;
    },
    { seeds: [{ source: seed, target: '/opt/seed' }], virtualAddress: true },
  );
  await closeSshMasters();
  await expectNoTraces(seen.id, seen.network);
  expect((await volumeNames()).filter((name) => !before.includes(name) && name.includes(seen.id))).toEqual([]);
});

test('no anonymous volume is ever made, so none can leak', async () => {
  await withLease(1, async (lease) => {
    const mounts = JSON.parse(await podman('inspect', '--format', '{{json .Mounts}}', `proofgrid-${lease.id}-m1`)) as { Type: string }[];
    expect(mounts.length).toBeGreaterThan(5);
    expect(mounts.filter(({ Type }) => Type !== 'bind')).toEqual([]);
  });
});

test('keys: private, made anew for each lease, in no process list, and gone with the lease', async () => {
  const [first, second] = await Promise.all(
    [1, 2].map(async () =>
      withLease(1, async ({ machines: [machine] }) => {
        if (machine === undefined) return expect.fail('no machine');
        expect(statSync(machine.identityFile).mode & 0o777).toBe(0o600);
        const { stdout } = await execa('ps', ['-eo', 'args']);
        expect(stdout).not.toContain('PRIVATE KEY');
        return machine.identityFile;
      }),
    ),
  );
  expect(first).not.toBe(second);
  expect(existsSync(first ?? '')).toBe(false);
});

test('a machine that answers with another host key is not trusted', async () => {
  await withLease(1, async ({ machines: [machine] }) => {
    if (machine === undefined) return expect.fail('no machine');
    const other = join(temporary('hosts'), 'known_hosts');
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', `${other}.key`]);
    const { stdout } = await execa('cut', ['-d', ' ', '-f', '1,2', `${other}.key.pub`]);
    await import('node:fs/promises').then(({ writeFile }) => writeFile(other, `${machine.address} ${stdout}\n`));
    const liar = sshHost({ ...machine, knownHostsFile: other, identityFile: machine.identityFile.replace(/id_/, './id_') }, []);
    await expect(liar.exec(['true'])).rejects.toMatchObject({ code: 'MACHINE_UNREACHABLE', message: expect.stringMatching(/host key/i) as string });
  });
});

test('one machine that cannot start, and none is left; the error says which, at what stage, with its console', async () => {
  const owner = processOwner('cannot-start');
  const asked = await request(3, { owner });
  // The engine refuses so little memory, after it has made the others.
  const machines = asked.machines.map((machine, index) => (index === 2 ? { ...machine, memory: 1024 } : machine));
  const error: unknown = await provider.acquire({ ...asked, machines }, progress()).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(MachineStartError);
  expect(error).toMatchObject({ code: 'MACHINE_NOT_READY', fault: 'infrastructure', machine: 'm3' });
  expect(['created', 'started']).toContain((error as MachineStartError).stage);
  // by its own name: other files' machines come and go beside it
  expect(await podman('ps', '--all', '--quiet', '--filter', `label=dev.proofgrid.run=${owner.run}`)).toBe('');
  expect(readdirSync(asked.directory)).toEqual([]);
});

test('an image that cannot even begin to start', async () => {
  const image = 'localhost/provider-test/empty:1';
  await execa('podman', ['import', '-', image], { input: Buffer.alloc(10_240) });
  try {
    await expect(provider.acquire(await request(1, { image }), progress())).rejects.toMatchObject({ code: 'MACHINE_NOT_READY', stage: 'started' });
  } finally {
    await podman('image', 'rm', image);
  }
});

test('a machine that dies while it starts: no waiting for the limit, and its last words are in the error', async () => {
  const [image, name] = ['localhost/provider-test/broken:1', `provider-test-broken-${process.pid}`];
  const script = `rm /sbin/init; printf '#!/bin/sh\necho init is broken\nexit 7\n' > /sbin/init; chmod +x /sbin/init`;
  const asked = await request(1);
  await podman('run', '--name', name, '--runtime', 'runc', '--network', 'none', '--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024', '--entrypoint', '/bin/sh', asked.image, '-c', script);
  try {
    await podman('commit', '--quiet', name, image);
    const started = performance.now();
    const error: unknown = await provider.acquire({ ...asked, image }, progress()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ stage: 'ssh login', console: expect.stringContaining('init is broken') as string });
    expect((error as Error).message).toMatch(/m1.*the machine is (exited|stopped).*init is broken/);
    expect(performance.now() - started).toBeLessThan(READY_LIMIT);
  } finally {
    await podman('rm', '--force', name);
    await podman('image', 'rm', image);
  }
});

test.each([
  ['more memory than there is', { machines: [{ name: 'm1', cpus: 1, memory: 2 ** 60 }] }, 'infrastructure'],
  ['an image that is not here', { image: 'localhost/proofgrid/none:1' }, 'infrastructure'],
  ['a seed that is not here', { seeds: [{ source: '/nonexistent/seed', target: '/opt/seed' }] }, 'infrastructure'],
  ['a name that is no host name', { machines: [{ name: 'm1;reboot', cpus: 1, memory: GIBIBYTE }] }, 'usage'],
  ['a name twice', { machines: [1, 2].map(() => ({ name: 'm1', cpus: 1, memory: GIBIBYTE })) }, 'usage'],
  ['no machine at all', { machines: [] }, 'usage'],
])('%s is refused before anything is made', async (_title, change, fault) => {
  await expect(provider.acquire(await request(1, change), progress())).rejects.toMatchObject({ code: 'LEASE_REQUEST_IMPOSSIBLE', fault });
});

/** Aborts one acquisition at the moment that `when` chooses, and looks for what is left. */
async function abortedAcquisition(cell: string, when: (abort: () => void) => ((message: string) => void) | undefined): Promise<void> {
  const asked = await request(2, { cell });
  const abortion = new AbortController();
  const report = when(() => abortion.abort()) ?? (() => undefined);
  const outcome: unknown = await provider.acquire(asked, { signal: abortion.signal, report }).catch((error: unknown) => error);
  expect(outcome).toMatchObject({ code: 'ACQUIRE_ABORTED', fault: 'interrupted' });
  const filter = ['--quiet', '--filter', `label=dev.proofgrid.cell=${cell}`];
  expect(await podman('ps', '--all', ...filter)).toBe('');
  expect(await podman('network', 'ls', ...filter)).toBe('');
  expect(await podman('volume', 'ls', ...filter)).toBe('');
}

test.each([0, 30, 100, 200])('aborted after %i ms, nothing is left', async (delay) => {
  await abortedAcquisition(`${CELL}-aborted-${delay}`, (abort) => void setTimeout(abort, delay));
});

test('aborted when the first machine has started, nothing is left', async () => {
  await abortedAcquisition(`${CELL}-aborted-started`, (abort) => (message) => (message.includes('has started') ? abort() : undefined));
});
