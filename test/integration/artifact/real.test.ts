import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, expect, test } from 'vitest';
import { createArtifacts } from '../../../harness/artifact/artifacts.ts';
import { hashFile } from '../../../harness/artifact/cache/manifest.ts';
import type { Binaries } from '../../../harness/artifact/contract.ts';
import type { Runtime } from '../../../lifecycle/cluster-deployment.ts';

// The artifacts of the default cells, from the cache of this machine; a cold cache builds them here, once.
const artifacts = createArtifacts();
const progress = { signal: new AbortController().signal, report: (message: string) => process.stderr.write(`${message}\n`) };
const COLD_BUILD_MS = 45 * 60_000;

const etcd = (suite: string): Promise<Binaries> => artifacts.etcd({ type: 'debian-package', suite, packages: ['etcd-server', 'etcd-client'] }, progress);

const machines: string[] = [];
afterAll(async () => {
  for (const name of machines) await execa('podman', ['rm', '--force', '--volumes', '--time', '0', name], { reject: false });
});

test('Kubernetes from Debian\'s source calls itself what it is', async () => {
  const source = { type: 'debian-source', suite: 'bookworm', package: 'kubernetes', version: '1.20.5+really1.20.2-1.1+deb12u1' } as const;
  const { version, directory, sha256 } = await artifacts.kubernetes(source, progress);
  expect(version).toBe('1.20.2+deb12u1');
  expect(Object.keys(sha256).sort()).toEqual(['kube-apiserver', 'kube-controller-manager', 'kube-proxy', 'kube-scheduler', 'kubectl', 'kubelet']);
  for (const name of ['kube-apiserver', 'kube-controller-manager', 'kube-proxy', 'kube-scheduler', 'kubelet']) {
    expect((await execa(join(directory, name), ['--version'])).stdout).toBe('Kubernetes v1.20.2+deb12u1');
  }
  const client: unknown = JSON.parse((await execa(join(directory, 'kubectl'), ['version', '--client', '--output', 'json'])).stdout);
  expect(client).toMatchObject({ clientVersion: { gitVersion: 'v1.20.2+deb12u1', major: '1', minor: '20', goVersion: 'go1.19.8' } });
  // The vendored reflect2 would panic in the first of these.
  expect((await execa(join(directory, 'kubectl'), ['config', 'view', '--output', 'json', '--kubeconfig', '/dev/null'])).stdout).toContain('"kind": "Config"');
  expect((await execa('ldd', [join(directory, 'kubelet')], { reject: false, all: true })).all).toContain('not a dynamic executable');
}, COLD_BUILD_MS);

test.each([['bookworm', '3.4.23'], ['trixie', '3.5.16']])('etcd of %s is %s', async (suite, version) => {
  const found = await etcd(suite);
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
    expect((await podman('run', ...limits, pause.reference, '-v')).stdout).toBe('pause.c v3.4');
    // The program's own word for its version; its name for itself is "app".
    expect((await podman('run', ...limits, agnhost.reference, '--version')).stdout).toBe(`app version ${agnhost.reference.split(':')[1]}`);
    const shell = await podman('run', ...limits, '--entrypoint', 'sh', agnhost.reference, '-c', 'ls -d /tmp && which wget nslookup cat && id -un');
    expect(shell.stdout.split('\n')).toEqual(['/tmp', '/bin/wget', '/bin/nslookup', '/bin/cat', 'root']);
  } finally {
    // Only these two: podman's own "system reset" would take every network of the host along, even with a root of its own.
    await execa('podman', ['rmi', pause.reference, agnhost.reference], { reject: false });
  }
}, COLD_BUILD_MS);

/** Starts a machine as the container provider does, as far as an image can tell, and waits until systemd has settled. */
async function boot(reference: string): Promise<(...command: string[]) => Promise<string>> {
  const name = `proofgrid-test-image-${randomUUID().slice(0, 8)}`;
  machines.push(name);
  const { pause } = await artifacts.images(progress);
  await execa('podman', [
    '--runtime', 'runc', 'run', '--detach', '--tty', '--name', name, '--privileged', '--cgroupns=private', '--systemd=false', '--env', 'container=podman',
    '--tmpfs', '/run', '--tmpfs', '/run/lock', '--tmpfs', '/tmp', '--ulimit', 'nofile=20000:20000', '--ulimit', 'nproc=32000:32000',
    '--volume', '/var/lib/containerd', '--volume', '/var/lib/docker', '--volume', `${pause.directory}:/images:ro`, reference,
  ]);
  const inside = async (...command: string[]) => (await execa('podman', ['exec', name, ...command], { reject: false, all: true })).all;
  await expect.poll(() => inside('systemctl', 'is-system-running', '--wait'), { timeout: 240_000, interval: 200 }).toBe('running');
  return inside;
}

test.each<[string, Runtime, string]>([
  ['debian-12', 'containerd', 'bookworm'],
  ['debian-12', 'docker', 'bookworm'],
  ['debian-13', 'containerd', 'trixie'],
  ['debian-13', 'docker', 'trixie'],
])('a machine of %s with %s boots, and its runtime loads the images', async (os, runtime, etcdSuite) => {
  const members = await etcd(etcdSuite);
  const image = await artifacts.machineImage({ os, runtime, etcd: members }, progress);
  expect(image.reference).toBe(`localhost/proofgrid/machine:${image.digest}`);
  expect(image.packages).toMatchObject({ etcd: members.version, systemd: expect.stringMatching(/^\d/) as string });
  const inside = await boot(image.reference);

  expect(await inside('systemctl', 'is-enabled', 'containerd', 'haproxy', 'keepalived')).toMatch(/^disabled\ndisabled\ndisabled$/);
  expect(await inside('systemctl', 'is-active', 'ssh', 'containerd', 'haproxy', 'keepalived')).toBe('active\ninactive\ninactive\ninactive');
  expect(await inside(`/opt/etcd/${members.version}/etcd`, '--version')).toContain(`etcd Version: ${members.version}`);
  expect(await inside('sh', '-c', 'ls /etc/ssh/ssh_host_*')).toBe('/etc/ssh/ssh_host_ed25519_key\n/etc/ssh/ssh_host_ed25519_key.pub');
  expect(await inside('sshd', '-T')).toMatch(/^passwordauthentication no$/m);
  expect(await inside('cat', '/etc/machine-id')).toMatch(/^[0-9a-f]{32}$/);
  expect(await inside('sh', '-c', 'ls -A /var/lib/apt/lists | grep -v -e lock -e partial | wc -l')).toBe('0');

  const { pause } = await artifacts.images(progress);
  const load = runtime === 'docker' ? ['docker', 'load', '--input', '/images/pause.tar'] : ['ctr', '--namespace', 'k8s.io', 'images', 'import', '/images/pause.tar'];
  await inside('systemctl', 'start', runtime);
  expect(await inside(...load)).toContain(pause.reference);
}, COLD_BUILD_MS);

test('machines keep nothing of each other: host keys differ', async () => {
  const { reference } = await artifacts.machineImage({ os: 'debian-12', runtime: 'containerd', etcd: await etcd('bookworm') }, progress);
  const [one, other] = [await boot(reference), await boot(reference)];
  expect(await one('cat', '/etc/ssh/ssh_host_ed25519_key.pub')).not.toBe(await other('cat', '/etc/ssh/ssh_host_ed25519_key.pub'));
}, COLD_BUILD_MS);
