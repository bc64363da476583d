import { open } from 'node:fs/promises';
import path from 'node:path';
import pLimit from 'p-limit';
import { ProofgridError } from '../../../lifecycle/error.ts';
import { runTool } from './run-tool.ts';
import type { SourceFile } from './tool.ts';

const FIRST_LINE_BYTES = 256;

/** Files of the checkout that git tracks, or would track: a new script counts before its first commit. */
export async function listSourceFiles(root: string, signal: AbortSignal): Promise<SourceFile[]> {
  // In a pipeline's container the checkout often belongs to another user, whom git would not trust.
  const command = ['-c', `safe.directory=${root}`, 'ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'];
  const { stdout } = await runTool('git', command, { cwd: root, signal });
  const paths = stdout.split('\0').filter((name) => name !== '');
  const limit = pLimit(16);
  const files = await Promise.all(paths.map((name) => limit(() => readSourceFile(root, name))));
  const found = files.filter((file) => file !== undefined);
  if (found.length === 0) {
    throw new ProofgridError({ code: 'LINT_NO_FILES', fault: 'infrastructure', what: `git knows no file in ${root}`, remedy: 'run it in a checkout' });
  }
  return found;
}

/** Undefined for what is in the index and not on the disk, and for links and submodules. */
async function readSourceFile(root: string, name: string): Promise<SourceFile | undefined> {
  const file = await open(path.join(root, name)).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    if (!(await file.stat()).isFile()) return undefined;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(FIRST_LINE_BYTES), 0, FIRST_LINE_BYTES, 0);
    const [firstLine = ''] = buffer.toString('utf8', 0, bytesRead).split('\n');
    return { path: name, firstLine };
  } finally {
    await file.close();
  }
}
