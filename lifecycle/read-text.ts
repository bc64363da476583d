import { readFile, stat } from 'node:fs/promises';

/** What the caller has opened already: `<(…)`, a pipe into standard input. */
const INHERITED = /^\/(?:dev\/(?:fd\/|stdin$)|proc\/self\/fd\/)/;

/** The text of a file that somebody named. A pipe without a writer would be waited for, and a device read, without an end. */
export async function readText(file: string): Promise<string> {
  const facts = await stat(file);
  if (!facts.isFile() && !facts.isDirectory() && !INHERITED.test(file)) throw new Error('it is not a regular file');
  return readFile(file, 'utf8');
}
