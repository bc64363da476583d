import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../../../lifecycle/root.ts';
import { fixture, processesOf, processesWith, type Fixture } from './fixture.ts';

// The entry point runs from dist/, as a user's does; of the build, only the lifecycle runner is needed.
beforeAll(async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'tsconfig-'));
  const project = path.join(directory, 'tsconfig.json');
  const compilerOptions = { outDir: path.join(packageRoot, 'dist'), rootDir: packageRoot, typeRoots: [path.join(packageRoot, 'node_modules', '@types')] };
  await writeFile(project, JSON.stringify({ extends: path.join(packageRoot, 'tsconfig.build.json'), include: [path.join(packageRoot, 'lifecycle')], compilerOptions }));
  await execa('npx', ['tsc', '-p', project], { cwd: packageRoot });
  await rm(directory, { recursive: true });
});

const HANG = (seconds: number) => `- hosts: all
  gather_facts: false
  tasks:
    - name: Leave a daemon behind, as a connection master does
      ansible.builtin.shell: setsid --fork sleep ${seconds} </dev/null >/dev/null 2>&1
    - name: Hang
      ansible.builtin.command: sleep ${seconds}5
`;

function lifecycle({ root, playbooksDirectory }: Fixture, ...more: string[]) {
  const files = ['--cluster', path.join(root, 'cluster.yml'), '--inventory', path.join(root, 'inventory.yml')];
  const options = ['--playbooks', playbooksDirectory, '--state', path.join(root, 'state'), '--log', path.join(root, 'log')];
  return execa('node', [path.join(packageRoot, 'bin', 'lifecycle.js'), 'run', 'etcd', ...files, ...options, ...more], { reject: false });
}

/** The last task of the playbook, in which it hangs. */
const hanging = (seconds: number) => expect.poll(() => processesOf(`sleep ${seconds}5`).length, { timeout: 120_000 });
const gone = (text: string) => expect.poll(() => processesWith(text), { timeout: 60_000 });

test('prints one JSON object per event, and exits 0 when all is done', async () => {
  const files = await fixture({ 'etcd.yml': '- hosts: all\n  gather_facts: false\n  tasks:\n    - command: echo\n' });
  const { stdout, exitCode } = await lifecycle(files, '--events', 'jsonl');
  expect(stdout.split('\n').map((line) => JSON.parse(line) as { type: string }).at(-1)).toMatchObject({ type: 'operation-finished', outcome: 'passed' });
  expect(exitCode).toBe(0);
});

test('tells a person what failed and where, and exits 1', async () => {
  const files = await fixture({ 'etcd.yml': '- hosts: first\n  gather_facts: false\n  tasks:\n    - name: Break\n      shell: echo no luck; exit 1\n' });
  const { stdout, exitCode } = await lifecycle(files);
  expect(stdout.replace(/\d\d:\d\d:\d\d|[\d.]+ s/g, '…')).toBe(`… etcd of fixture, at most 30 min …
… etcd failed in … 0 changed
… etcd failed in … 0 changed
  step etcd, task "Break" on first (playbooks/etcd.yml:4)
  | non-zero return code
  | no luck`.replaceAll('in … 0', 'in …, 0'));
  expect(exitCode).toBe(1);
});

test('bad input is told with its place, starts nothing, and exits 2', async () => {
  const files = await fixture({ 'etcd.yml': '[]' }, 'all:\n  hosts:\n    first:\n    wrong:\n');
  const { stdout, stderr, exitCode } = await lifecycle(files);
  expect(stderr).toMatch(/inventory\.yml:3:5: machine second .*\n.*inventory\.yml:4:5: cluster fixture has no machine wrong/);
  expect(stdout).toBe('');
  expect(exitCode).toBe(2);
});

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends the run with exit 130 and no process left', async (signal) => {
  const files = await fixture({ 'etcd.yml': HANG(8211) });
  const running = lifecycle(files);
  await hanging(8211).toBeGreaterThanOrEqual(1);
  running.kill(signal);
  const { exitCode, stdout } = await running;
  expect(exitCode).toBe(130);
  expect(stdout).toContain('etcd was asked to stop, in the step etcd at "Hang"');
  expect(processesWith('sleep 8211')).toEqual([]);
  expect(processesWith(files.root)).toEqual([]);
});

test('kill -9 of the runner leaves no process', async () => {
  const files = await fixture({ 'etcd.yml': HANG(8212) });
  const running = lifecycle(files);
  await hanging(8212).toBeGreaterThanOrEqual(1);
  running.kill('SIGKILL');
  await running;
  await gone('sleep 8212').toEqual([]);
  await gone(files.root).toEqual([]);
  // and the cluster is free for the next run
  const again = await lifecycle(files, '--timeout', '3s');
  expect(again.exitCode).toBe(4);
});

test('kill -9 of the supervisor ends ansible, and is an infrastructure error', async () => {
  const files = await fixture({ 'etcd.yml': '- hosts: all\n  gather_facts: false\n  tasks:\n    - command: sleep 82135\n' });
  const running = lifecycle(files);
  await hanging(8213).toBeGreaterThanOrEqual(1);
  const [supervisor] = processesWith('supervise.py').filter((line) => line.includes(files.root));
  process.kill(Number.parseInt(supervisor ?? '', 10), 'SIGKILL');
  const { exitCode, stdout } = await running;
  expect(exitCode).toBe(3);
  expect(stdout).toContain('the run was cut off');
  await gone('sleep 8213').toEqual([]);
  await gone(files.root).toEqual([]);
});
