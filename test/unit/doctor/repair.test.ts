import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Finding, Repair } from '../../../harness/doctor/finding.ts';
import { repair } from '../../../harness/doctor/repair.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'proofgrid-repair-'));
  vi.stubEnv('PATH', `${directory}:${process.env['PATH'] ?? ''}`);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true });
});

/** A program that notes how it was called and then does what the script says. */
const program = (name: string, script = '') =>
  writeFile(join(directory, name), `#!/bin/sh\necho "${name} $*" >> ${directory}/calls\n${script}\n`, { mode: 0o755 });
const calls = async () => (await readFile(join(directory, 'calls'), 'utf8')).trim().split('\n').map((line) => line.replace(/ -o \S+/g, ''));
const finding = (one: Repair): Finding => ({ name: 'x', severity: 'error', problem: '', fix: '', repair: one });
const run = async (...repairs: Repair[]) => {
  const said: string[] = [];
  await repair(repairs.map(finding), (message) => said.push(message), new AbortController().signal);
  return said;
};

test('packages are installed at once, without recommendations, with progress', async () => {
  await program('apt-get', 'case "$*" in *install*) echo "0 upgraded, 40 newly installed, 0 to remove"; echo "Need to get 50 MB of archives."; for i in $(seq 40); do echo "Setting up p$i (1)"; done;; esac');
  const said = await run({ type: 'packages', packages: ['podman', 'runc'] }, { type: 'packages', packages: ['runc', 'netavark'] });
  expect(await calls()).toEqual(['apt-get -q update', 'apt-get -q install --yes --no-install-recommends podman runc netavark']);
  expect(said).toEqual([
    'fetching package lists',
    'installing 3 packages and what they need: podman runc netavark',
    'Need to get 50 MB of archives', 'set up 20 of 40 packages', 'set up 40 of 40 packages',
  ]);
});

test('a package source that fails is no obstacle when the packages install', async () => {
  await program('apt-get', 'case "$*" in *update*) echo "Err: extra source" >&2; exit 100;; esac');
  expect(await run({ type: 'packages', packages: ['podman'] })).toHaveLength(2);
});

test('packages that do not install: both reasons, and the command to try by hand', async () => {
  await program('apt-get', 'echo "E: $2 $3 cannot" >&2; exit 100');
  await expect(run({ type: 'packages', packages: ['podman'] })).rejects.toMatchObject({
    code: 'DOCTOR_INSTALL_FAILED', fault: 'infrastructure',
    message: expect.stringMatching(/apt-get install failed: E: .*apt-get update: E: .*--no-install-recommends podman/) as string,
  });
});

test('kernel settings are made one by one, and what was done or failed is said', async () => {
  await program('sysctl');
  await program('modprobe', 'echo "not found" >&2; exit 1');
  const said = await run({ type: 'sysctl', key: 'fs.inotify.max_user_instances', value: '8192' }, { type: 'module', module: 'overlay' });
  expect(await calls()).toEqual(['sysctl -w fs.inotify.max_user_instances=8192', 'modprobe overlay']);
  expect(said).toEqual(['sysctl -w fs.inotify.max_user_instances=8192 (until the next boot)', 'modprobe overlay failed: not found']);
});
