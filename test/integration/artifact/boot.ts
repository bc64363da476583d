import { randomUUID } from 'node:crypto';
import { execa } from 'execa';
import { afterAll, expect } from 'vitest';
import type { Artifacts } from '../../../harness/artifact/contract.ts';
import type { Progress } from '../../../harness/provider/contract.ts';

export const progress: Progress = { signal: new AbortController().signal, report: (message) => process.stderr.write(`${message}\n`) };
/** Milliseconds: a cold cache builds what a test asks for. */
export const COLD_BUILD_MS = 45 * 60_000;

type Boot = (reference: string) => Promise<(...command: string[]) => Promise<string>>;

/** Starts machines as the container provider does, as far as an image can tell, and waits until systemd has settled; the file's end removes them. */
export function machineBoot(artifacts: Artifacts): Boot {
  const machines: string[] = [];
  afterAll(async () => {
    for (const name of machines) await execa('podman', ['rm', '--force', '--volumes', '--time', '0', name], { reject: false });
  });
  return async (reference) => {
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
  };
}

/** Proves that a machine image is what a cell needs, and that its engine loads the images. */
export async function proveMachineImage(artifacts: Artifacts, boot: Boot, { os, runtime, etcdSuite }: { readonly os: string; readonly runtime: 'containerd' | 'docker'; readonly etcdSuite: string }): Promise<void> {
  const etcd = await artifacts.etcd({ type: 'debian-package', suite: etcdSuite, packages: ['etcd-server', 'etcd-client'] }, progress);
  const image = await artifacts.machineImage({ os, runtime, etcd }, progress);
  expect(image.reference).toBe(`localhost/proofgrid/machine:${image.digest}`);
  expect(image.packages).toMatchObject({ etcd: etcd.version, systemd: expect.stringMatching(/^\d/) as string });
  const inside = await boot(image.reference);

  expect(await inside('systemctl', 'is-enabled', 'containerd', 'haproxy', 'keepalived')).toMatch(/^disabled\ndisabled\ndisabled$/);
  expect(await inside('systemctl', 'is-active', 'ssh', 'containerd', 'haproxy', 'keepalived')).toBe('active\ninactive\ninactive\ninactive');
  expect(await inside(`/opt/etcd/${etcd.version}/etcd`, '--version')).toContain(`etcd Version: ${etcd.version}`);
  expect(await inside('sh', '-c', 'ls /etc/ssh/ssh_host_*')).toBe('/etc/ssh/ssh_host_ed25519_key\n/etc/ssh/ssh_host_ed25519_key.pub');
  expect(await inside('sshd', '-T')).toMatch(/^passwordauthentication no$/m);
  expect(await inside('cat', '/etc/machine-id')).toMatch(/^[0-9a-f]{32}$/);
  expect(await inside('sh', '-c', 'ls -A /var/lib/apt/lists | grep -v -e lock -e partial | wc -l')).toBe('0');

  const { pause } = await artifacts.images(progress);
  const load = runtime === 'docker' ? ['docker', 'load', '--input', '/images/pause.tar'] : ['ctr', '--namespace', 'k8s.io', 'images', 'import', '/images/pause.tar'];
  await inside('systemctl', 'start', runtime);
  expect(await inside(...load)).toContain(pause.reference);
}
