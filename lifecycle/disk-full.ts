import { statfs } from 'node:fs/promises';
import { ProofgridError } from './error.ts';

/** What a file system answers that takes no more: no block or inode is left, or the user's quota is spent (errno(3)). */
const CODES: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);
/** The same in the words of strerror(3), of Python and of Go. */
const WORDS = /no space left on device|disk quota exceeded|\[Errno (?:28|122)\]/i;
/** Bytes. Less than a program writes at once: what was refused may have been larger than what is still there. */
const FULL_BELOW = 1 << 20;

/** Said by the system to this process. */
export function isDiskFull(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && CODES.has(error.code);
}

/** Said by a program in its own words. */
export function tellsOfFullDisk(text: string): boolean {
  return WORDS.test(text);
}

export function diskFull(what: string, cause?: unknown): ProofgridError {
  return new ProofgridError({
    code: 'DISK_FULL',
    fault: 'infrastructure',
    what,
    remedy: 'make room on it, for instance with proofgrid doctor --prune, and run this again',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Every other error stays as it is. Errors of Node name the path, and the system's word for what is wrong. */
export function withFullDiskExplained(error: unknown): unknown {
  return isDiskFull(error) ? diskFull(`a disk is full: ${error.message}`, error) : error;
}

/** The first of these directories whose file system has no room left; one that is not there has none to lack. */
export async function fullDirectory(directories: readonly string[]): Promise<string | undefined> {
  const full = await Promise.all(directories.map(async (directory) => {
    const facts = await statfs(directory).catch(() => undefined);
    // what has no blocks at all, as /proc, is no disk; file systems that make inodes as they need them count none
    if (facts === undefined || facts.blocks === 0) return false;
    return facts.bavail * facts.bsize < FULL_BELOW || (facts.files > 0 && facts.ffree === 0);
  }));
  return directories.find((_directory, index) => full[index]);
}
