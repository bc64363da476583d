import { closeSync, fstatSync, openSync, readSync, readdirSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { visible } from '../report/visible.ts';

/** Bytes of one file that are printed: a terminal keeps no more, and a string has a limit too. */
const MAX_BYTES = 4 * 1024 * 1024;

/** The file, or all files below the directory; relative to the run directory, and none outside it. */
export function filesBelow(runDirectory: string, relative: string): string[] {
  const root = realpathSync(runDirectory);
  try {
    const real = realpathSync(path.join(root, relative));
    if (real !== root && !real.startsWith(`${root}${path.sep}`)) return [];
    if (!statSync(real).isDirectory()) return [relative];
    return readdirSync(real).toSorted().flatMap((name) => filesBelow(root, path.join(relative, name)));
  } catch {
    // a report may have been carried off without its logs: reading says so
    return [relative];
  }
}

/** The end of a text file, ready for a terminal. */
export function readLog(file: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    return `(not readable: ${error instanceof Error ? error.message : String(error)})\n`;
  }
  try {
    const { size } = fstatSync(descriptor);
    const content = Buffer.alloc(Math.min(size, MAX_BYTES));
    const length = readSync(descriptor, content, 0, content.length, Math.max(0, size - MAX_BYTES));
    const bytes = content.subarray(0, length);
    if (bytes.includes(0)) return `(${size} bytes that are no text)\n`;
    const text = visible(bytes.toString('utf8'));
    return `${size > MAX_BYTES ? `(the first ${size - MAX_BYTES} bytes are left out)\n` : ''}${text.endsWith('\n') || text === '' ? text : `${text}\n`}`;
  } finally {
    closeSync(descriptor);
  }
}
