import { renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isDiskFull } from '../../lifecycle/disk-full.ts';
import { ProofgridError } from '../../lifecycle/error.ts';
import { makeDirectorySync } from '../../lifecycle/make-directory.ts';

/** Writes the whole file or nothing: a reader never sees half of it, whatever is killed when. */
export function writeAtomically(file: string, content: string): void {
  const temporary = `${file}.${process.pid}.partial`;
  try {
    makeDirectorySync(path.dirname(file));
    writeFileSync(temporary, content);
    renameSync(temporary, file);
  } catch (cause) {
    remove(temporary);
    throw notWritten(file, cause as NodeJS.ErrnoException);
  }
}

/** What cannot be removed must not hide why it is in the way. */
function remove(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // it was never made, or its directory takes no changes any more
  }
}

function notWritten(file: string, cause: NodeJS.ErrnoException): ProofgridError {
  const full = isDiskFull(cause);
  return new ProofgridError({
    code: 'REPORT_NOT_WRITTEN',
    fault: full ? 'infrastructure' : 'usage',
    what: `${file} cannot be written: ${cause.message}`,
    remedy: full ? 'make room on the disk' : 'name a file in a directory that this user may write',
    cause,
  });
}
