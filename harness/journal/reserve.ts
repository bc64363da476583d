import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';

/** Bytes: the last lines of a run of many cells, and its reports. */
const RESERVE = 1 << 20;

/**
 * Takes room on the journal's disk, and returns what gives it back. Random, because a file system that compresses would keep
 * no room for zeros. Throws what the system says where even this does not fit.
 */
export function reserveRoom(journal: string): () => void {
  const file = `${journal}.reserve`;
  const release = () => {
    try {
      rmSync(file, { force: true });
    } catch {
      // a directory that takes no changes any more: then nothing can be gained here
    }
  };
  try {
    writeFileSync(file, randomBytes(RESERVE), { mode: 0o600 });
  } catch (error) {
    release();
    throw error;
  }
  return release;
}
