import { mkdirSync, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';

/**
 * Makes a directory and those above it, one by one: Node's own `recursive` spins for ever, deaf to signals, where a file
 * system answers ENOENT, as /proc does. `mode` is the last one's.
 */
export async function makeDirectory(directory: string, mode = 0o777): Promise<void> {
  if (await isDirectory(directory)) return;
  await makeDirectory(path.dirname(path.resolve(directory)));
  await mkdir(directory, { mode }).catch(async (error: unknown) => {
    if (!(await isDirectory(directory))) throw error; // otherwise another process made it in between
  });
}

async function isDirectory(file: string): Promise<boolean> {
  return stat(file).then((facts) => facts.isDirectory(), () => false);
}

/** The same for callers that cannot wait. */
export function makeDirectorySync(directory: string): void {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) return;
  makeDirectorySync(path.dirname(path.resolve(directory)));
  try {
    mkdirSync(directory);
  } catch (error) {
    if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
}
