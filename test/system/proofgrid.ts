import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { packageRoot } from '../../lifecycle/root.ts';

const program = path.join(packageRoot, 'bin', 'proofgrid.js');

/** Starts the built command line as a user would; the caller judges the exit code. */
export function proofgrid(words: readonly string[]) {
  return execa(process.execPath, [program, ...words], { reject: false, all: true, cwd: packageRoot });
}

export async function newDirectory(name: string): Promise<string> {
  return path.join(await mkdtemp(path.join(tmpdir(), 'proofgrid-system-')), name);
}

/** Names of every container, network and volume of ours in the engine, whoever made them. */
export async function leasedResources(): Promise<string[]> {
  const list = async (...words: string[]) => {
    const { stdout } = await execa('podman', words);
    return stdout.split('\n').filter((line) => line !== '');
  };
  const lists = await Promise.all([
    list('ps', '--all', '--filter', 'label=proofgrid.dev/lease', '--format', '{{.Names}}'),
    list('network', 'ls', '--filter', 'label=proofgrid.dev/lease', '--format', '{{.Name}}'),
    list('volume', 'ls', '--filter', 'label=proofgrid.dev/lease', '--format', '{{.Name}}'),
  ]);
  return lists.flat();
}
