import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { LEASE_LABEL, labelOf } from '../../harness/provider/container/labels.ts';
import { packageRoot } from '../../lifecycle/root.ts';

const program = path.join(packageRoot, 'bin', 'proofgrid.js');

/** Starts the built command line as a user would; the caller judges the exit code. */
export function proofgrid(words: readonly string[]) {
  return execa(process.execPath, [program, ...words], { reject: false, all: true, cwd: packageRoot });
}

export async function newDirectory(name: string): Promise<string> {
  return path.join(await mkdtemp(path.join(tmpdir(), 'proofgrid-system-')), name);
}

/** Names of every container, network and volume that carries the labels of the run in this directory. */
export async function leasedResources(directory: string): Promise<string[]> {
  const run = await runOf(directory);
  const lists = await Promise.all(
    [['ps', '--all'], ['network', 'ls'], ['volume', 'ls']].map(async (words) => {
      const { stdout } = await execa('podman', [...words, '--filter', `label=${LEASE_LABEL}`, '--format', 'json']);
      return JSON.parse(stdout === '' ? '[]' : stdout) as Resource[];
    }),
  );
  const ours = lists.flat().filter((each) => labelOf(each.Labels ?? each.labels ?? {}, 'run') === run);
  return ours.map(({ Names, Name, name }) => Names?.[0] ?? Name ?? name ?? 'nameless');
}

/** podman spells the same fields differently for containers, volumes and networks. */
interface Resource {
  readonly Names?: readonly string[];
  readonly Name?: string;
  readonly name?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

/** The journal's first line names the run; a run that has none has started nothing. */
async function runOf(directory: string): Promise<string> {
  const [first = ''] = (await readFile(path.join(directory, 'journal.jsonl'), 'utf8').catch(() => '')).split('\n');
  return first === '' ? 'no run' : ((JSON.parse(first) as { run?: string }).run ?? 'no run');
}
