import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ProofgridError } from '../../../lifecycle/error.ts';
import { makeDirectory } from '../../../lifecycle/make-directory.ts';
import type { Progress } from '../../provider/contract.ts';
import type { Entry, Recipe } from '../recipe.ts';
import { estimate, remember } from './duration.ts';
import { confine } from './confine.ts';
import { clock, Pace } from './pace.ts';
import { acquireLock, tryLock, type Lock } from './lock.ts';
import { canonical, FILES, markUsed, seal, syncDirectory, verify } from './manifest.ts';

/** How often a running build says how far it is; often enough to see life, seldom enough for a log. */
const REPORT_EVERY_MS = 10_000;
/** Somebody else's build of the same entry; the longest limit that any recipe has, twice. */
const WAIT_LIMIT_MS = 2 * 60 * 60_000;

/**
 * A content-addressed cache: `entries/<key>` holds a manifest and read-only files and appears by one rename, when it is
 * complete and durable. What an interrupted build leaves lies in `building/<key>.…` and is swept by the next one.
 */
export class Store {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  keyOf({ kind, version, inputs }: Recipe): string {
    return createHash('sha256').update(canonical({ kind, version, inputs })).digest('hex').slice(0, 32);
  }

  /** The entry when it is there and sound. `full` reads every byte; otherwise sizes and times are compared. */
  async find(recipe: Recipe, { full = false } = {}): Promise<Entry | undefined> {
    const key = this.keyOf(recipe);
    const manifest = await verify(join(this.directory, 'entries', key), full);
    if (!manifest) return undefined;
    await markUsed(join(this.directory, 'entries', key));
    const sha256 = Object.fromEntries(Object.entries(manifest.files).map(([path, file]) => [path, file.sha256]));
    return { key, directory: join(this.directory, 'entries', key, FILES), sha256, facts: manifest.facts };
  }

  /** Name and estimate, milliseconds, of those that are not here; nothing is built. */
  async forecast(recipes: readonly Recipe[]): Promise<{ readonly name: string; readonly estimateMs: number }[]> {
    const missing: { readonly name: string; readonly estimateMs: number }[] = [];
    for (const recipe of recipes) {
      if ((await this.find(recipe)) !== undefined) continue;
      missing.push({ name: recipe.name, estimateMs: await estimate(join(this.directory, 'durations'), recipe) });
    }
    return missing;
  }

  /** The entry, built first when it is missing or damaged; of several processes that ask at once, one builds. */
  async obtain(recipe: Recipe, progress: Progress): Promise<Entry> {
    const found = await this.find(recipe);
    if (found) return found;
    await this.#makeDirectories();
    const lock = await this.#lock(recipe, progress);
    try {
      return (await this.find(recipe)) ?? (await this.#build(recipe, progress));
    } finally {
      await lock.release();
    }
  }

  async #makeDirectories(): Promise<void> {
    const made = ['entries', 'building', 'locks', 'logs'].map((name) => makeDirectory(join(this.directory, name)));
    await Promise.all(made).catch((cause: unknown) => {
      if (isDiskFull(cause)) throw cause;
      throw new ProofgridError({
        code: 'CACHE_NOT_WRITABLE',
        fault: 'infrastructure',
        what: `the cache ${this.directory} cannot be written: ${(cause as Error).message}`,
        remedy: 'set PROOFGRID_CACHE to a directory that this user may write',
        cause,
      });
    });
  }

  #lockFile(key: string): string {
    return join(this.directory, 'locks', `${key}.lock`);
  }

  async #lock(recipe: Recipe, { signal, report }: Progress): Promise<Lock> {
    const file = this.#lockFile(this.keyOf(recipe));
    const free = await tryLock(file);
    if (free) return free;
    const stop = ticking((elapsed) => report(`waiting for another run that builds ${recipe.name}: ${clock(elapsed)}`));
    try {
      return await acquireLock(file, AbortSignal.any([signal, AbortSignal.timeout(WAIT_LIMIT_MS)]));
    } catch (error) {
      throw explain(error, recipe, signal, WAIT_LIMIT_MS);
    } finally {
      stop();
    }
  }

  async #build(recipe: Recipe, { signal, report }: Progress): Promise<Entry> {
    await this.#sweep(this.keyOf(recipe));
    const key = this.keyOf(recipe);
    const place = join(this.directory, 'building', `${key}.${process.pid}.${Date.now()}`);
    const log = join(place, 'build.log');
    const [output, scratch, temporary] = [join(place, 'entry', FILES), join(place, 'scratch'), join(place, 'tmp')] as const;
    for (const directory of [output, scratch, temporary]) await mkdir(directory, { recursive: true });
    // mmdebstrap and dpkg need to enter as other users; secrets never come here.
    await chmod(place, 0o755);

    const pace = new Pace(await estimate(join(this.directory, 'durations'), recipe));
    const stop = ticking(() => report(`building ${recipe.name}: ${pace.describe()}`));
    const limited = AbortSignal.any([signal, AbortSignal.timeout(recipe.limitMs)]);
    try {
      const facts = await recipe.build({
        output,
        scratch,
        signal: limited,
        step: (what, done) => pace.step(what, done),
        waiting: (what, until) => pace.waiting(what, until),
        // Temporary files of compilers go where a killed build's remains are swept.
        run: (command, options = {}) =>
          confine(command, { cwd: scratch, ...options, env: { TMPDIR: temporary, ...options.env }, log, signal: limited }),
      });
      limited.throwIfAborted();
      const durationMs = pace.workedMs;
      pace.step('writing it to disk');
      const { kind, name, version, inputs } = recipe;
      await seal(join(place, 'entry'), { kind, name, recipe: version, inputs, facts, durationMs });
      await this.#publish(key, place);
      await remember(join(this.directory, 'durations'), recipe, pace.workedMs);
    } catch (error) {
      const kept = join(this.directory, 'logs', `${key}.log`);
      const copied = await copyFile(log, kept).then(() => true, () => false);
      throw explain(error, recipe, signal, recipe.limitMs, copied ? kept : undefined);
    } finally {
      stop();
      await discard(place);
    }
    const entry = await this.find(recipe);
    if (entry) return entry;
    throw new Error(`entry ${key} of ${recipe.name} vanished right after it was published`);
  }

  async #publish(key: string, place: string): Promise<void> {
    const target = join(this.directory, 'entries', key);
    // Only a damaged entry can be in the way here: a sound one would have been found under the lock.
    await rename(target, join(place, 'damaged')).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rename(join(place, 'entry'), target);
    await syncDirectory(join(this.directory, 'entries'));
  }

  /** Removes what dead builds left: whoever can take a key's lock knows that nobody builds it. `mine` is locked already. */
  async #sweep(mine: string): Promise<void> {
    for (const name of await readdir(join(this.directory, 'building'))) {
      const key = name.split('.', 1)[0] ?? name;
      const lock = key === mine ? { release: () => Promise.resolve() } : await tryLock(this.#lockFile(key));
      if (!lock) continue;
      await discard(join(this.directory, 'building', name));
      await lock.release();
    }
  }
}

/** A killed build's processes may take a moment to let go of their files, so removal is tried for up to a second. */
export async function discard(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
}

/** Calls `say` with the elapsed milliseconds, at once and then regularly, until the function returned is called. */
function ticking(say: (elapsedMs: number) => void): () => void {
  const started = performance.now();
  say(0);
  const timer = setInterval(() => say(performance.now() - started), REPORT_EVERY_MS);
  return () => clearInterval(timer);
}

function explain(error: unknown, recipe: Recipe, asked: AbortSignal, limitMs: number, log?: string): unknown {
  if (asked.aborted) {
    return new ProofgridError({ code: 'ARTIFACT_INTERRUPTED', fault: 'interrupted', what: `stopped while building ${recipe.name}`, cause: error });
  }
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return new ProofgridError({
      code: 'ARTIFACT_TIMED_OUT',
      fault: 'timed-out',
      what: `${recipe.name} was not built within ${clock(limitMs)}`,
      remedy: log === undefined ? 'see what holds the cache' : `see ${log}`,
      cause: error,
    });
  }
  if (error instanceof ProofgridError && error.code !== 'ARTIFACT_COMMAND_FAILED') return error;
  if (isDiskFull(error)) {
    return new ProofgridError({
      code: 'ARTIFACT_DISK_FULL',
      fault: 'infrastructure',
      what: `cannot build ${recipe.name}: the disk is full`,
      remedy: 'free some space (proofgrid doctor --prune), or set PROOFGRID_CACHE to a directory on a larger disk',
      cause: error,
    });
  }
  return new ProofgridError({
    code: 'ARTIFACT_BUILD_FAILED',
    fault: 'infrastructure',
    what: `cannot build ${recipe.name}: ${error instanceof Error ? error.message : String(error)}`,
    ...(log === undefined ? {} : { remedy: `the whole output is in ${log}` }),
    cause: error,
  });
}

/** Said by the system to this process, or by a program in its own words. */
function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && error.code === 'ENOSPC') || error.message.includes('No space left on device') || error.message.includes('no space left on device');
}
