import { mkdirSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { defaultCacheDirectory } from '../artifact/options.ts';
import { writeAtomically } from '../report/atomic.ts';

/** Milliseconds after which a run is forgotten here: longer than any lease lives. */
const FORGOTTEN_AFTER = 30 * 24 * 3_600_000;
const RUN_NAME = /^[\w.-]+$/;

/**
 * Where the runs of this user lie, by their names: leases carry the run's name alone. A convenience for `ps`: what cannot be
 * written is forgotten, and nothing depends on it.
 */
export interface KnownRuns {
  remember(run: string, directory: string): void;
  /** Undefined for runs of others, and for directories that are gone. */
  directoryOf(run: string): string | undefined;
}

/** @param folder default: `runs` in the cache directory, a file each */
export function knownRuns(folder = path.join(defaultCacheDirectory(), 'runs'), now: () => number = Date.now): KnownRuns {
  return {
    remember(run, directory) {
      if (!RUN_NAME.test(run)) return;
      try {
        mkdirSync(folder, { recursive: true });
        for (const name of readdirSync(folder)) {
          const file = path.join(folder, name);
          if (now() - statSync(file).mtimeMs > FORGOTTEN_AFTER) rmSync(file, { force: true });
        }
        writeAtomically(path.join(folder, run), directory);
      } catch {
        // as said above: never worth an error
      }
    },
    directoryOf(run) {
      if (!RUN_NAME.test(run)) return undefined;
      try {
        const directory = readFileSync(path.join(folder, run), 'utf8');
        return statSync(path.join(directory, 'journal.jsonl')).isFile() ? directory : undefined;
      } catch {
        return undefined;
      }
    },
  };
}
