import { stat } from 'node:fs/promises';
import { execa } from 'execa';
import { ProofgridError } from '../../../lifecycle/error.ts';
import { tryLock } from '../cache/lock.ts';
import type { PruneRequest, Unused } from '../cache/prune.ts';
import { loadLock, type Engine } from './engine.ts';

const REPOSITORY = 'localhost/proofgrid/machine';
const LIMIT_MS = 60_000;

/**
 * Removes machine images that no run of this cache has used since, and says which. An image that a machine has stays: the
 * engine refuses to remove it. So does one that another cache loaded, because this one does not know when it was used.
 */
export async function pruneImages(engine: Engine, { directory, before, dryRun }: PruneRequest): Promise<Unused[]> {
  const removed: Unused[] = [];
  for (const name of await lines(engine, ['images', '--filter', `reference=${REPOSITORY}`, '--format', '{{.Repository}}:{{.Tag}}'])) {
    const lockFile = loadLock(directory, name.slice(REPOSITORY.length + 1));
    const lastUsed = (await stat(lockFile).catch(() => undefined))?.mtime;
    if (lastUsed === undefined || lastUsed >= before) continue;
    const lock = await tryLock(lockFile);
    if (lock === undefined) continue;
    try {
      if ((await lines(engine, ['ps', '--all', '--quiet', '--filter', `ancestor=${name}`])).length > 0) continue;
      if ((await stat(lockFile)).mtime >= before) continue;
      if (!dryRun) await run(engine, ['rmi', name]);
      removed.push({ name, lastUsed });
    } finally {
      await lock.release();
    }
  }
  return removed;
}

/** Directories of the host that containers have mounted, stopped ones too. */
export async function mountedDirectories(engine: Engine): Promise<string[]> {
  const containers = await lines(engine, ['ps', '--all', '--quiet']);
  const mounted = await Promise.all(containers.map((container) => mountsOf(engine, container)));
  return mounted.flat();
}

async function mountsOf(engine: Engine, container: string): Promise<string[]> {
  try {
    return await lines(engine, ['inspect', '--type', 'container', '--format', '{{range .Mounts}}{{.Source}}\n{{end}}', container]);
  } catch (error) {
    // Gone since it was listed.
    if (!(await lines(engine, ['ps', '--all', '--quiet'])).includes(container)) return [];
    throw error;
  }
}

async function lines(engine: Engine, words: readonly string[]): Promise<string[]> {
  return (await run(engine, words)).split('\n').map((line) => line.trim()).filter(Boolean);
}

async function run(engine: Engine, words: readonly string[]): Promise<string> {
  const result = await execa(engine, words, { reject: false, stdin: 'ignore', timeout: LIMIT_MS });
  if (!result.failed) return result.stdout;
  throw new ProofgridError({
    code: 'ARTIFACT_ENGINE_FAILED',
    fault: 'infrastructure',
    what: `${engine} ${words.slice(0, 2).join(' ')} failed: ${result.stderr.trim().split('\n').slice(-3).join(' | ') || result.shortMessage}`,
    remedy: `check ${engine} info, and try again`,
    cause: result.cause,
  });
}
