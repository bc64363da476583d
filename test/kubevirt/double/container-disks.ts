import { mkdir, readdir, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { succeed, type EngineCommand } from '../../../harness/provider/container/engine-command.ts';
import { STATE_DIRECTORIES, type MachineFiles } from '../../../harness/provider/container/keys.ts';
import type { GuestSpec } from './backend.ts';

interface Guest {
  readonly container: string;
  readonly files: MachineFiles;
  /** Of the cell's volume, where everything is kept: it goes with the cell. */
  readonly mountpoint: string;
}

/**
 * The disks of guests that are containers. `root` is what the container has written over its image, and the directories of
 * state beside it; a volume that is called like one of those (`etcd`) is that directory alone. A snapshot is a copy of the
 * files, at whatever moment it is made: of a guest that runs it would have what lies in no file yet as little as a real one.
 */
export function containerDisks(command: EngineCommand) {
  /** Container → volume → claim that its files are those of. */
  const attached = new Map<string, Readonly<Record<string, string>>>();
  const upper = async (container: string) => {
    const directory = (await succeed(command, 'podman', ['inspect', '--format', '{{.GraphDriver.Data.UpperDir}}', container])).trim();
    if (directory === '' || !existsSync(directory)) throw new Error(`the container engine does not say where ${container} writes to (storage driver overlay only)`);
    return directory;
  };
  /** Part of the disk → directory with its files. */
  const parts = async ({ container, files }: Guest, volume: string): Promise<Record<string, string>> => {
    if (volume !== 'root') return { [volume]: join(files.root, volume) };
    const own = Object.keys(STATE_DIRECTORIES).filter((name) => attached.get(container)?.[name] === undefined);
    return { upper: await upper(container), ...Object.fromEntries(own.map((name) => [name, join(files.root, name)])) };
  };
  const saved = (mountpoint: string, name: string) => join(mountpoint, 'snapshots', name);
  const filled = (mountpoint: string, claim: string) => join(mountpoint, 'claims', claim);
  return {
    attach: (container: string, disks: Readonly<Record<string, string>>) => void attached.set(container, disks),
    async save(guest: Guest, volume: string, name: string): Promise<void> {
      const target = saved(guest.mountpoint, name);
      await rm(target, { recursive: true, force: true });
      await mkdir(target, { recursive: true });
      for (const [part, directory] of Object.entries(await parts(guest, volume))) await copy(directory, join(target, part));
    },
    async fill(mountpoint: string, claim: string, name: string): Promise<void> {
      if (!existsSync(saved(mountpoint, name))) throw new Error(`there is no snapshot ${name}`);
      await rm(filled(mountpoint, claim), { recursive: true, force: true });
      await copy(saved(mountpoint, name), filled(mountpoint, claim));
    },
    /** Before a start: files of the claims that the guest has now. A claim that nobody filled would be another's disk. */
    async exchange(guest: Guest, { disks }: GuestSpec): Promise<void> {
      const before = attached.get(guest.container) ?? {};
      for (const [volume, claim] of Object.entries(disks)) {
        if (before[volume] === claim) continue;
        for (const [part, directory] of Object.entries(await parts(guest, volume))) {
          for (const entry of await readdir(directory)) await rm(join(directory, entry), { recursive: true, force: true });
          await copy(join(filled(guest.mountpoint, claim), part), directory);
        }
      }
      attached.set(guest.container, disks);
    },
  };
}

/** With owners, modes, times and overlay's whiteouts, which are devices. */
async function copy(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  await execa('cp', ['--archive', '--no-target-directory', from, to]);
}
