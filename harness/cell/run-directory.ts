import { randomBytes } from 'node:crypto';
import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { isDiskFull } from '../../lifecycle/disk-full.ts';
import { ProofgridError } from '../../lifecycle/error.ts';
import { makeDirectory } from '../../lifecycle/make-directory.ts';

/** Where one cell's files lie; DESIGN.md fixes the names. */
export interface CellPaths {
  readonly root: string;
  readonly cluster: string;
  readonly inventory: string;
  readonly kubeconfig: string;
  readonly ansible: string;
  readonly evidence: string;
  /** Mode 0700: the run's SSH key and the lifecycle runner's state with the CA. The only place where secrets belong. */
  readonly secrets: string;
  readonly state: string;
}

export interface RunDirectory {
  readonly run: string;
  readonly root: string;
  readonly journal: string;
  readonly junit: string;
  readonly html: string;
}

/** Sorts by time, and two runs started in the same second still differ. */
export function newRunName(now: Date): string {
  const stamp = now.toISOString().replaceAll(/[-:]|\.\d+Z$/g, '').replace('T', '-');
  return `${stamp}-${randomBytes(3).toString('hex')}`;
}

export async function makeRunDirectory(root: string, run: string): Promise<RunDirectory> {
  if (path.resolve(root).includes('${')) {
    // ssh_config(5): `${…}` is a variable in UserKnownHostsFile, and nothing escapes it
    throw new ProofgridError({ code: 'RUN_DIRECTORY_UNUSABLE', fault: 'usage', what: `the run directory ${root} has a \${ in its path, which ssh takes for a variable`, remedy: 'name another with --run-dir' });
  }
  await makeDirectory(path.resolve(root)).catch((cause: NodeJS.ErrnoException) => {
    throw new ProofgridError({
      code: 'RUN_DIRECTORY_UNUSABLE',
      fault: isDiskFull(cause) ? 'infrastructure' : 'usage',
      what: `the run directory ${root} cannot be made: ${cause.message}`,
      remedy: isDiskFull(cause) ? 'make room on the disk' : 'name another with --run-dir',
      cause,
    });
  });
  return runDirectory(root, run);
}

export function runDirectory(root: string, run: string): RunDirectory {
  const absolute = path.resolve(root);
  const at = (name: string) => path.join(absolute, name);
  return { run, root: absolute, journal: at('journal.jsonl'), junit: at('junit.xml'), html: at('report.html') };
}

export function cellPaths(root: string, cell: string): CellPaths {
  const base = path.resolve(root, 'cells', cell);
  const at = (name: string) => path.join(base, name);
  return {
    root: base,
    cluster: at('cluster.yaml'),
    inventory: at('inventory.yaml'),
    kubeconfig: at('kubeconfig'),
    ansible: at('ansible'),
    evidence: at('evidence'),
    secrets: at('secrets'),
    state: path.join(at('secrets'), 'state'),
  };
}

export async function makeCellDirectory(root: string, cell: string): Promise<CellPaths> {
  const paths = cellPaths(root, cell);
  await mkdir(paths.ansible, { recursive: true });
  await mkdir(paths.evidence, { recursive: true });
  for (const directory of [paths.secrets, paths.state]) {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await chmod(directory, 0o700); // mkdir is subject to the umask and leaves an existing directory as it was
  }
  return paths;
}
