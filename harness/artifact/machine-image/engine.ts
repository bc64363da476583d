import { access, constants, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { execa } from 'execa';
import { ProofgridError } from '../../../lifecycle/error.ts';
import type { Progress } from '../../provider/contract.ts';
import { acquireLock } from '../cache/lock.ts';
import type { DockerArchive } from '../image/docker-archive.ts';

/** Some seconds for half a gigabyte; a disk that needs longer than this does not work. */
const LOAD_LIMIT_MS = 10 * 60_000;
const INSPECT_LIMIT_MS = 60_000;

export type Engine = 'podman' | 'docker';

/** podman where it is installed, as that is what machines are proved with; else docker. */
export async function chooseEngine(path = process.env['PATH'] ?? ''): Promise<Engine> {
  for (const engine of ['podman', 'docker'] as const) {
    for (const directory of path.split(':')) {
      if (await access(join(directory, engine), constants.X_OK).then(() => true, () => false)) return engine;
    }
  }
  throw new ProofgridError({
    code: 'ARTIFACT_NO_ENGINE',
    fault: 'infrastructure',
    what: 'neither podman nor docker is installed',
    remedy: 'run: proofgrid doctor --fix',
  });
}

/** Of the image with this digest; its time says when the image was last used. */
export const loadLock = (cacheDirectory: string, digest: string): string => join(cacheDirectory, 'locks', `load-${digest}.lock`);

/** Whether the engine holds exactly this image under this name. */
async function isLoaded(engine: Engine, reference: string, id: string, signal: AbortSignal): Promise<boolean> {
  const result = await execa(engine, ['image', 'inspect', '--format', '{{.Id}}', reference], {
    reject: false, stdin: 'ignore', cancelSignal: signal, timeout: INSPECT_LIMIT_MS,
  });
  signal.throwIfAborted();
  return result.stdout.trim().replace(/^sha256:/, '') === id;
}

interface LoadRequest {
  readonly engine: Engine;
  readonly reference: string;
  readonly archive: DockerArchive;
  /** For a person. */
  readonly name: string;
  /** Runs that want the same image wait for the first one here. */
  readonly lockFile: string;
}

/** Brings the image into the engine unless it is there; the archive in the cache stays the truth. */
export async function ensureLoaded({ engine, reference, archive, name, lockFile }: LoadRequest, { signal, report }: Progress): Promise<void> {
  const now = new Date();
  // Missing before the first load, which makes it.
  await utimes(lockFile, now, now).catch(() => undefined);
  if (await isLoaded(engine, reference, archive.id, signal)) return;
  const limited = AbortSignal.any([signal, AbortSignal.timeout(LOAD_LIMIT_MS)]);
  const lock = await acquireLock(lockFile, limited);
  try {
    if (await isLoaded(engine, reference, archive.id, limited)) return;
    report(`loading ${name} into ${engine}`);
    // The engine ends when we die: its input does, and the signal takes care of the rest.
    const result = await execa('setpriv', ['--pdeathsig', 'TERM', engine, 'load'], {
      reject: false, input: Readable.from(archive.pack()), cancelSignal: limited, forceKillAfterDelay: 5_000,
    });
    if (await isLoaded(engine, reference, archive.id, limited)) return;
    throw new ProofgridError({
      code: 'ARTIFACT_LOAD_FAILED',
      fault: 'infrastructure',
      what: `${engine} does not hold ${reference} after loading it: ${result.stderr.trim().split('\n').slice(-3).join(' | ')}`,
      remedy: `check the disk space and ${engine} info`,
      cause: result,
    });
  } finally {
    await lock.release();
  }
}
