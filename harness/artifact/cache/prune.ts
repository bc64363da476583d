import { mkdir, readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { tryLock } from './lock.ts';
import { lastUse, readManifest } from './manifest.ts';
import { discard } from './store.ts';

/** Something that nobody has used for long. */
export interface Unused {
  readonly name: string;
  readonly lastUsed: Date;
}

export interface PruneRequest {
  /** The cache. */
  readonly directory: string;
  /** What was used later stays. */
  readonly before: Date;
  readonly dryRun: boolean;
}

/**
 * Removes entries that were last used before a moment, and says which. Those that somebody builds stay, and those that
 * lie above one of the `mounted` directories. An entry goes as it came, by one rename; what a kill leaves is swept by
 * the next build.
 */
export async function pruneEntries({ directory, before, dryRun }: PruneRequest, mounted: readonly string[]): Promise<Unused[]> {
  const removed: Unused[] = [];
  for (const key of await names(join(directory, 'entries'))) {
    const entry = join(directory, 'entries', key);
    if (mounted.some((path) => `${path}/`.startsWith(`${entry}/`))) continue;
    const lastUsed = await lastUse(entry);
    if (lastUsed === undefined || lastUsed >= before) continue;
    const lock = await tryLock(join(directory, 'locks', `${key}.lock`));
    if (lock === undefined) continue;
    try {
      const name = (await readManifest(entry))?.name ?? `the damaged entry ${key}`;
      if (dryRun || (await remove(entry, join(directory, 'building'), key, before))) removed.push({ name, lastUsed });
    } finally {
      await lock.release();
    }
  }
  return removed;
}

/** Whether it is gone: a run that found the entry in this very moment has left its time on it, and gets it back. */
async function remove(entry: string, building: string, key: string, before: Date): Promise<boolean> {
  await mkdir(building, { recursive: true });
  const aside = join(building, `${key}.pruned.${process.pid}`);
  await rename(entry, aside);
  const lastUsed = await lastUse(aside);
  if (lastUsed !== undefined && lastUsed >= before) {
    await rename(aside, entry);
    return false;
  }
  await discard(aside);
  return true;
}

async function names(directory: string): Promise<string[]> {
  return (await stat(directory).catch(() => undefined)) === undefined ? [] : await readdir(directory);
}
