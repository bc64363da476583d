import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { packageRoot } from '../../../lifecycle/root.ts';

/**
 * The checkout as it is now, commits or not, in a directory of its own: a job's `npm ci` removes node_modules first. They
 * are left out by name, because a link to them is no directory to .gitignore, and npm would empty what it leads to.
 */
export async function copyOfCheckout(): Promise<string> {
  const root = await mkdtemp(path.join(tmpdir(), 'gitlab-ci-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const { stdout } = await execa('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate', '--', '.', ':!node_modules'], { cwd: packageRoot });
  for (const name of stdout.split('\0').filter((entry) => entry !== '')) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    // in the index and deleted since
    await cp(path.join(packageRoot, name), path.join(root, name), { verbatimSymlinks: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
  const git = (...words: string[]) => execa('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.org', ...words], { cwd: root });
  await git('init', '--quiet', '--initial-branch=main');
  await git('add', '--all');
  await git('commit', '--quiet', '--message=A checkout');
  return root;
}

export function pipeline(cwd: string, ...words: string[]) {
  return execa('gitlab-ci-local', ['--home', path.join(cwd, '.home'), ...words], {
    cwd, preferLocal: true, localDir: packageRoot, reject: false, all: true,
  });
}
