import { readFile, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { execa } from 'execa';
import { Store } from '../artifact/cache/store.ts';
import { toolchainRecipe } from '../artifact/go-module/toolchain.ts';
import { defaultCacheDirectory } from '../artifact/options.ts';
import type { Host } from './finding.ts';

/** A check that takes longer does not work; the slowest starts a container. */
const COMMAND_LIMIT_MS = 30_000;
const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The caller's PATH and the system's: a shell without /usr/sbin must not hide iptables or sysctl. */
export const systemPath = (): string => `${process.env['PATH'] ?? ''}:${SYSTEM_PATH}`;

/** The machine that this process runs on. */
export function thisHost(cacheDirectory = defaultCacheDirectory()): Host {
  return {
    root: process.getuid?.() === 0,
    architecture: process.arch,
    cacheDirectory,
    read: (path) => readFile(path, 'utf8').catch(() => undefined),
    async run([file, ...args]) {
      const { exitCode = 127, stdout, stderr } = await execa(file, args, {
        reject: false, stdin: 'ignore', timeout: COMMAND_LIMIT_MS,
        env: { LC_ALL: 'C.UTF-8', PATH: systemPath() },
      });
      return { exitCode, stdout, stderr };
    },
    freeSpace,
    hasToolchain: async () => (await new Store(cacheDirectory).find(toolchainRecipe())) !== undefined,
  };
}

async function freeSpace(path: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch (error) {
    if (path === '/') throw error;
    return await freeSpace(dirname(path));
  }
}
