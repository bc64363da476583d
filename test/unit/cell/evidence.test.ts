import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { gatherEvidence } from '../../../harness/cell/evidence.ts';
import type { Host } from '../../../harness/suite/check.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'proofgrid-evidence-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** What a machine with these programs says of its containers; each fake says its words, and fails where it has an exit code. */
async function containersOf(programs: Readonly<Record<string, number>>): Promise<string> {
  const bin = path.join(directory, 'bin');
  await mkdir(bin);
  await symlink('/bin/sh', path.join(bin, 'sh'));
  for (const [name, exitCode] of Object.entries(programs)) await writeFile(path.join(bin, name), `#!/bin/sh\necho "${name} was asked for: $*"\nexit ${exitCode}\n`, { mode: 0o755 });
  const host: Host = {
    name: 'node-1', address: '10.0.0.1', roles: ['worker'],
    async exec([program = '', ...words]) {
      if (!words.join(' ').includes('crictl')) return { exitCode: 0, stdout: '', stderr: '' };
      const { exitCode = 1, stdout, stderr } = await execa(program, words, { reject: false, extendEnv: false, env: { PATH: bin } });
      return { exitCode, stdout, stderr };
    },
  };
  await gatherEvidence({ directory, hosts: [host], redact: (text) => text, limitMs: 10_000 });
  return await readFile(path.join(directory, 'node-1', 'containers.txt'), 'utf8');
}

test('crictl says what the engine has, where there is one', async () => {
  const said = await containersOf({ crictl: 0, docker: 0, ctr: 0 });
  expect(said.split('\n').filter((line) => !line.startsWith('==>'))).toEqual(['pods', 'ps --all', 'images'].map((words) => `crictl was asked for: --timeout=10s ${words}`));
});

test.each([
  [{ docker: 0, ctr: 0 }, ['docker ps --all', 'docker images']],
  [{ ctr: 0 }, ['containers', 'tasks', 'images'].map((kind) => `ctr --namespace k8s.io ${kind} list`)],
  [{}, []],
])('without crictl, of %j: %j', async (programs, asked) => {
  const said = await containersOf(programs);
  expect(said.split('\n').flatMap((line) => /^==> (.*)/.exec(line)?.[1] ?? [])).toEqual(asked);
});

test('an engine that does not answer keeps nothing from being asked', async () => {
  const said = await containersOf({ crictl: 1 });
  expect(said.match(/^# exit code 1$/gm)).toHaveLength(3);
});

test('evidence is for its owner alone: a machine may print secrets that nobody knows', async () => {
  const host: Host = { name: 'm1', address: '10.0.0.1', roles: ['etcd', 'control-plane'], exec: async () => ({ exitCode: 0, stdout: 'text', stderr: '' }) };
  const files = await gatherEvidence({ directory, hosts: [host], redact: (text) => text, limitMs: 10_000, console: async () => 'console', kubeconfig: 'k' });
  expect(files.length).toBeGreaterThan(8);
  for (const file of files) expect((await stat(file)).mode & 0o777, file).toBe(0o600);
});
