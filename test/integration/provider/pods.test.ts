import { execa } from 'execa';
import { expect, test } from 'vitest';
import { sshHost } from '../../../harness/machine/ssh.ts';
import { expectNoTraces, withLease } from './fixture.ts';

/** Starts containerd's own containers and nested mounts, as a kubelet does, from nothing but the machine's own files. */
const POPULATE = `set -e
mkdir -p /etc/containerd /root/rootfs/bin /root/rootfs/proc /var/lib/kubelet/pods/p/volumes /var/lib/containerd/upper /var/lib/containerd/work
containerd config default | sed 's/restrict_oom_score_adj = false/restrict_oom_score_adj = true/' > /etc/containerd/config.toml
systemctl start containerd
cp /usr/bin/sleep /root/rootfs/bin/
for library in $(ldd /usr/bin/sleep | grep -o '/[^ ]*'); do install -D "$library" "/root/rootfs$library"; done
mount -t tmpfs tmpfs /var/lib/kubelet/pods/p/volumes
mount -t overlay overlay -o lowerdir=/root/rootfs,upperdir=/var/lib/containerd/upper,workdir=/var/lib/containerd/work /mnt
for name in pod-a pod-b; do ctr run --detach --rootfs /root/rootfs "$name" /bin/sleep "$0"; done
ctr task ls --quiet | sort`;

test('pods, their mounts and their cgroups go with the machine', async () => {
  const seconds = String(100_000 + process.pid);
  const lease = await withLease(1, async (held) => {
    const [machine] = held.machines;
    if (machine === undefined) return expect.fail('no machine');
    const { stdout, stderr } = await sshHost(machine, []).exec(['sh', '-c', POPULATE, seconds]);
    expect(stdout, stderr).toBe('pod-a\npod-b\n');
    // the shim has told both to begin; that they have become another program comes a moment later
    await expect.poll(async () => sleeping(seconds), { timeout: 60_000 }).toBe(2);
    return held;
  });
  expect(await sleeping(seconds)).toBe(0);
  await expectNoTraces(lease.id, lease.network);
  const { stdout: mounts } = await execa('cat', ['/proc/mounts']);
  expect(mounts).not.toContain(lease.id);
  // find complains about groups of others that go while it looks
  const cgroups = async () => (await execa('find', ['/sys/fs/cgroup', '-name', 'pod-[ab]'], { reject: false })).stdout;
  await expect.poll(cgroups, { timeout: 60_000 }).toBe('');
});

/** Processes of this host that sleep for so long. */
async function sleeping(seconds: string): Promise<number> {
  const { stdout } = await execa('ps', ['-eo', 'args']);
  return stdout.split('\n').filter((line) => line === `/bin/sleep ${seconds}`).length;
}
