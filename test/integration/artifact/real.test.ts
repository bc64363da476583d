import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { createArtifacts } from '../../../harness/artifact/artifacts.ts';
import { hashFile } from '../../../harness/artifact/cache/manifest.ts';
import { defaultCell } from '../../default-cell.ts';
import { COLD_BUILD_MS, machineBoot, progress, proveMachineImage } from './boot.ts';

// The artifacts of the default cells, from the cache of this machine; a cold cache builds them here, once.
const artifacts = createArtifacts();
const boot = machineBoot(artifacts);

test('the default Kubernetes calls itself what it is, and needs no library', async () => {
  const { sources } = await defaultCell();
  const { version, directory, sha256 } = await artifacts.kubernetes(sources.kubernetes, progress);
  const servers = ['kube-apiserver', 'kube-controller-manager', 'kube-proxy', 'kube-scheduler', 'kubelet'];
  expect(Object.keys(sha256).sort()).toEqual([...servers, 'kubectl'].sort());
  for (const name of servers) expect((await execa(join(directory, name), ['--version'])).stdout).toBe(`Kubernetes v${version}`);
  const client = JSON.parse((await execa(join(directory, 'kubectl'), ['version', '--client', '--output', 'json'])).stdout) as { clientVersion: Record<string, string> };
  const [major, minor] = version.split('.');
  expect(client.clientVersion).toMatchObject({ gitVersion: `v${version}`, major, minor });
  expect((await execa('ldd', [join(directory, 'kubelet')], { reject: false, all: true })).all).toContain('not a dynamic executable');
}, COLD_BUILD_MS);

test('the default etcd calls itself what it is', async () => {
  const { sources } = await defaultCell();
  const { version, directory, sha256 } = await artifacts.etcd(sources.etcd, progress);
  expect((await execa(join(directory, 'etcd'), ['--version'])).stdout).toContain(`etcd Version: ${version}`);
  for (const [name, sum] of Object.entries(sha256)) expect(await hashFile(join(directory, name))).toBe(sum);
}, COLD_BUILD_MS);

test.each([['bookworm', '3.4.23'], ['trixie', '3.5.16']])('etcd of %s is %s', async (suite, version) => {
  const found = await artifacts.etcd({ type: 'debian-package', suite, packages: ['etcd-server', 'etcd-client'] }, progress);
  expect(found.version).toBe(version);
  for (const [name, sum] of Object.entries(found.sha256)) expect(await hashFile(join(found.directory, name))).toBe(sum);
}, COLD_BUILD_MS);

test('pause and agnhost load into podman and run', async () => {
  const { pause, agnhost } = await artifacts.images(progress);
  const podman = (...args: string[]) => execa('podman', ['--runtime', 'runc', ...args]);
  const limits = ['--rm', '--network', 'none', '--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];
  try {
    for (const { directory, file, sha256, reference } of [pause, agnhost]) {
      expect(await hashFile(join(directory, file))).toBe(sha256);
      expect((await podman('load', '--input', join(directory, file))).stdout).toContain(reference);
    }
    expect((await podman('run', ...limits, pause.reference, '-v')).stdout).toBe(`pause.c v${pause.reference.split(':')[1]}`);
    // The program's own word for its version; its name for itself is "app".
    expect((await podman('run', ...limits, agnhost.reference, '--version')).stdout).toContain(`version ${agnhost.reference.split(':')[1]}`);
    const shell = await podman('run', ...limits, '--entrypoint', 'sh', agnhost.reference, '-c', 'ls -d /tmp && which wget nslookup cat && id -un');
    expect(shell.stdout.split('\n')).toEqual(['/tmp', '/bin/wget', '/bin/nslookup', '/bin/cat', 'root']);
  } finally {
    // Only these two: podman's own "system reset" would take every network of the host along, even with a root of its own.
    await execa('podman', ['rmi', pause.reference, agnhost.reference], { reject: false });
  }
}, COLD_BUILD_MS);

test.each([['debian-12', 'bookworm'], ['debian-13', 'trixie']])('a machine of %s boots, and containerd loads the images', async (os, etcdSuite) => {
  await proveMachineImage(artifacts, boot, { os, runtime: 'containerd', etcdSuite });
}, COLD_BUILD_MS);

test('machines keep nothing of each other: host keys differ', async () => {
  const etcd = await artifacts.etcd((await defaultCell()).sources.etcd, progress);
  const { reference } = await artifacts.machineImage({ os: 'debian-12', runtime: 'containerd', etcd }, progress);
  const [one, other] = [await boot(reference), await boot(reference)];
  expect(await one('cat', '/etc/ssh/ssh_host_ed25519_key.pub')).not.toBe(await other('cat', '/etc/ssh/ssh_host_ed25519_key.pub'));
}, COLD_BUILD_MS);
