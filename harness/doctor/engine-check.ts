import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failure, type HostCheck } from './finding.ts';

// With Debian's merged /usr these links and the host's own /usr are a root that can run a program: no image is needed.
const LINKS = ['bin', 'sbin', 'lib', 'lib64'];

// podman's own defaults raise limits, which a host without CAP_SYS_RESOURCE refuses; lowering is always allowed.
const LIMITS = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];

export const engineCheck: HostCheck = {
  name: 'container-engine',
  async inspect({ run }) {
    const root = await mkdtemp(join(tmpdir(), 'proofgrid-doctor-'));
    try {
      for (const link of LINKS) await symlink(`usr/${link}`, join(root, link));
      const { exitCode, stderr } = await run([
        'podman', '--runtime', 'runc', 'run', '--rm', '--network', 'none', ...LIMITS, '--volume', '/usr:/usr:ro', '--rootfs', root, '/usr/bin/true',
      ]);
      if (exitCode === 0) return undefined;
      if (exitCode === 127 && stderr === '') return await withoutPodman(run);
      return failure(
        'container-engine',
        `podman cannot start a container: ${stderr.trim().split('\n').at(-1) ?? `exit code ${exitCode}`}`,
        'see what the error names; as root, "podman --runtime runc info" shows the set-up',
      );
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  },
};

async function withoutPodman(run: Parameters<HostCheck['inspect']>[0]['run']): ReturnType<HostCheck['inspect']> {
  const docker = await run(['docker', 'info', '--format', '{{.ServerVersion}}']);
  if (docker.exitCode === 0) return undefined;
  const packages = ['podman', 'runc', 'netavark', 'aardvark-dns'];
  return failure(
    'container-engine',
    'neither podman nor a Docker daemon answers',
    `apt-get install --yes --no-install-recommends ${packages.join(' ')}`,
    { type: 'packages', packages },
  );
}
