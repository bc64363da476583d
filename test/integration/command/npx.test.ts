import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../../../lifecycle/root.ts';

/** The newest of both lines that Node 20 takes. */
const VERSIONS = ['10.9.9', '11.19.1'];
/** How many times the CPU time of a program of nothing that npx starts. A compiler or an installation would be tenfold. */
const START_LIMIT = 1.75;
/** In turn; the best of each counts, for a neighbour on the same core costs CPU time too. */
const ATTEMPTS = 5;

let directory: string;
let checkout: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'proofgrid-npx-'));
  checkout = path.join(directory, 'checkout');
  await mkdir(path.join(checkout, 'node_modules', '.bin'), { recursive: true });
  for (const name of ['package.json', '.npmrc', 'bin']) await cp(path.join(packageRoot, name), path.join(checkout, name), { recursive: true });
  await symlink(path.join(packageRoot, 'dist'), path.join(checkout, 'dist'));
  await execa('npm', ['run', 'link'], { cwd: checkout });
  await writeFile(path.join(checkout, 'node_modules', '.bin', 'nothing'), '#!/usr/bin/env node\n', { mode: 0o755 });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function npxOf(version: string): Promise<string> {
  const target = path.join(directory, version);
  await mkdir(target);
  await execa('npm', ['pack', `npm@${version}`, '--pack-destination', target], { cwd: target });
  await execa('tar', ['xzf', `npm-${version}.tgz`], { cwd: target });
  return path.join(target, 'package', 'bin', 'npx-cli.js');
}

/** Output of bash's `time`: seconds of CPU in user and kernel mode. */
async function timed(cwd: string, cache: string, words: readonly string[]): Promise<{ seconds: number; stdout: string }> {
  const { stdout, stderr } = await execa('bash', ['-c', 'TIMEFORMAT="cpu %U %S"; time "$@"', 'bash', process.execPath, ...words], { cwd, env: { npm_config_cache: cache } });
  const [, user, system] = /^cpu (\S+) (\S+)$/m.exec(stderr) ?? [];
  return { seconds: Number(user) + Number(system), stdout };
}

test.each(VERSIONS)('npx of npm %s starts what is built here, at once, and installs nothing', async (version) => {
  const npx = await npxOf(version);
  const cache = path.join(directory, `cache-${version}`);
  const ours: number[] = [];
  const nothing: number[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    nothing.push((await timed(checkout, cache, [npx, 'nothing'])).seconds);
    const { stdout, seconds } = await timed(checkout, cache, [npx, 'proofgrid', '--version']);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+$/);
    ours.push(seconds);
  }
  expect(Math.min(...ours) / Math.min(...nothing)).toBeLessThan(START_LIMIT);
  const below = await timed(path.join(checkout, 'node_modules'), cache, [npx, 'lifecycle', 'validate', '--help']);
  expect(below.stdout).toMatch(/^Usage: lifecycle validate /);
  expect(existsSync(path.join(cache, '_npx'))).toBe(false);
});

test.each(VERSIONS)('npx of npm %s refuses a stranger of the same name where nothing is built', async (version) => {
  const npx = path.join(directory, version, 'package', 'bin', 'npx-cli.js');
  const bare = path.join(directory, `bare-${version}`);
  await mkdir(bare);
  for (const name of ['package.json', '.npmrc']) await cp(path.join(packageRoot, name), path.join(bare, name));
  const { exitCode, stderr } = await execa(process.execPath, [npx, 'semver', '1.2.3'], { cwd: bare, reject: false, input: 'y\n', env: { CI: '1' } });
  expect(stderr).toContain('npx canceled due to missing packages and no YES option');
  expect(exitCode).toBe(1);
});
