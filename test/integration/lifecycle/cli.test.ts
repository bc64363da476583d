import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../../../lifecycle/root.ts';
import { fixture, processesOf, processesWith, uniqueSeconds, type Fixture } from './fixture.ts';

// The entry point runs from dist/, as a user's does; of the build, only the lifecycle runner is needed.
beforeAll(async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'tsconfig-'));
  const project = path.join(directory, 'tsconfig.json');
  const compilerOptions = { outDir: path.join(packageRoot, 'dist'), rootDir: packageRoot, typeRoots: [path.join(packageRoot, 'node_modules', '@types')] };
  await writeFile(project, JSON.stringify({ extends: path.join(packageRoot, 'tsconfig.build.json'), include: [path.join(packageRoot, 'lifecycle')], compilerOptions }));
  await execa('npx', ['tsc', '-p', project], { cwd: packageRoot });
  await rm(directory, { recursive: true });
});

const [INTERRUPTED, RUNNER, SUPERVISOR] = [1, 2, 3].map(uniqueSeconds) as [string, string, string];
const HANG = (seconds: string) => `- hosts: all
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
const hanging = (seconds: string) => expect.poll(() => processesOf(`sleep ${seconds}5`).length, { timeout: 240_000 });
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
  expect(stdout.replace(/\d\d:\d\d:\d\d|(?<= in )[^,\n]+(?=, 0 changed)/g, '…')).toBe(`… etcd of fixture, at most 30 min 00 s
… etcd failed in …, 0 changed
… etcd failed in …, 0 changed
  step etcd, task "Break" on first (playbooks/etcd.yml:4)
  | non-zero return code
  | no luck`);
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
  const files = await fixture({ 'etcd.yml': HANG(INTERRUPTED) });
  const running = lifecycle(files);
  await hanging(INTERRUPTED).toBeGreaterThanOrEqual(1);
  running.kill(signal);
  const { exitCode, stdout } = await running;
  expect(exitCode).toBe(130);
  expect(stdout).toContain('etcd was asked to stop, in the step etcd at "Hang"');
  expect(processesWith(`sleep ${INTERRUPTED}`)).toEqual([]);
  expect(processesWith(files.root)).toEqual([]);
});

test('kill -9 of the runner leaves no process', async () => {
  const files = await fixture({ 'etcd.yml': HANG(RUNNER) });
  const running = lifecycle(files);
  await hanging(RUNNER).toBeGreaterThanOrEqual(1);
  running.kill('SIGKILL');
  await running;
  await gone(`sleep ${RUNNER}`).toEqual([]);
  await gone(files.root).toEqual([]);
  // and the cluster is free for the next run
  const again = await lifecycle(files, '--timeout', '3s');
  expect(again.exitCode).toBe(4);
});

test('kill -9 of the supervisor ends ansible, and is an infrastructure error', async () => {
  const files = await fixture({ 'etcd.yml': `- hosts: all\n  gather_facts: false\n  tasks:\n    - command: sleep ${SUPERVISOR}5\n` });
  const running = lifecycle(files);
  await hanging(SUPERVISOR).toBeGreaterThanOrEqual(1);
  const [supervisor] = processesWith('supervise.py').filter((line) => line.includes(files.root));
  process.kill(Number.parseInt(supervisor ?? '', 10), 'SIGKILL');
  const { exitCode, stdout } = await running;
  expect(exitCode).toBe(3);
  expect(stdout).toContain('the run was cut off');
  await gone(`sleep ${SUPERVISOR}`).toEqual([]);
  await gone(files.root).toEqual([]);
});
