import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateKey } from '../ssh-keys.ts';

/** Directories of one machine inside the lease volume. */
export interface MachineFiles {
  readonly root: string;
  /** Its /root/.ssh. */
  readonly ssh: string;
  readonly hostKey: string;
}

export function machineFiles(mountpoint: string, machine: string): MachineFiles {
  const root = join(mountpoint, 'machines', machine);
  return { root, ssh: join(root, 'ssh'), hostKey: join(root, 'ssh_host_ed25519_key') };
}

/** What has to lie on overlay-free storage (overlay cannot stack on overlay), and the mode it has on a fresh Debian. */
export const STATE_DIRECTORIES = { etcd: 0o700, kubelet: 0o750, containerd: 0o711, docker: 0o710 } as const;

/** Lays out a machine's files before it exists. Resolves with its host key's public line. */
export async function prepareMachine(files: MachineFiles, name: string, authorizedKey: string): Promise<string> {
  await mkdir(files.ssh, { recursive: true, mode: 0o700 });
  await writeFile(join(files.ssh, 'authorized_keys'), `${authorizedKey}\n`, { mode: 0o600 });
  for (const [directory, mode] of Object.entries(STATE_DIRECTORIES)) await mkdir(join(files.root, directory), { mode });
  return generateKey(files.hostKey, name);
}
