import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { packageRoot } from '../../../lifecycle/root.ts';

/**
 * The checkout as it is now, commits or not, in a directory of its own: a job's `npm ci` removes node_modules first. They
 * are left out by name, because a link to them is no directory to .gitignore, and npm would empty what it leads to.
 */
async function copyOfCheckout(): Promise<string> {
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

function pipeline(cwd: string, ...words: string[]) {
  return execa('gitlab-ci-local', ['--home', path.join(cwd, '.home'), ...words], {
    cwd, preferLocal: true, localDir: packageRoot, reject: false, all: true,
  });
}

test('a merge request runs the checks before any cell, a fork only by hand, a schedule everything', async () => {
  const root = await copyOfCheckout();
  const jobs = async (...variables: string[]) => {
    const { stdout, exitCode, all } = await pipeline(root, '--list-json', ...variables.flatMap((variable) => ['--variable', variable]));
    expect(exitCode, all).toBe(0);
    // warnings stand before it
    const list = JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as { name: string; stage: string; when: string }[];
    return list.filter(({ when }) => when !== 'never').map(({ name, stage, when }) => `${stage} ${name} ${when}`).sort();
  };
  const checks = ['check code on_success', 'check lint on_success', 'check unit on_success'];
  expect(await jobs('CI_PIPELINE_SOURCE=merge_request_event', 'CI_PROJECT_ID=1', 'CI_MERGE_REQUEST_SOURCE_PROJECT_ID=1')).toEqual([...checks, 'smoke smoke on_success']);
  expect(await jobs('CI_PIPELINE_SOURCE=merge_request_event', 'CI_PROJECT_ID=1', 'CI_MERGE_REQUEST_SOURCE_PROJECT_ID=2')).toEqual([...checks, 'smoke smoke manual']);
  expect(await jobs('CI_PIPELINE_SOURCE=schedule', 'CI_COMMIT_REF_PROTECTED=true')).toEqual([...checks, 'nightly nightly on_success']);
  expect(await jobs('CI_PIPELINE_SOURCE=schedule', 'CI_COMMIT_REF_PROTECTED=false')).toEqual(checks);
});

// The job runs the unit project alone, so this test is not in it and cannot start itself again.
test('lint and unit jobs run, and leave the JUnit that they promise', async () => {
  const root = await copyOfCheckout();
  const { exitCode, all } = await pipeline(
    root, '--force-shell-executor', '--shell-isolation', '--artifacts-to-source', '--concurrency', '1',
    // packages that are here already need no download
    '--variable', `NPM_CONFIG_CACHE=${path.join(homedir(), '.npm')}`, '--variable', 'CI_PIPELINE_SOURCE=merge_request_event',
    'lint', 'unit',
  );
  expect(exitCode, all.slice(-4000)).toBe(0);
  for (const [report, contains] of [['lint.xml', 'classname="yamllint"'], ['unit.xml', 'test/unit/']] as const) {
    const junit = await readFile(path.join(root, 'reports', report), 'utf8');
    expect(junit).toMatch(/<testsuites[\s>]/);
    expect(junit).toContain(contains);
    expect(junit).toMatch(/<\/testsuites>\s*$/);
  }
}, 1_800_000);
