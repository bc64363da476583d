import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { formatDuration } from '../../../lifecycle/duration.ts';
import type { LifecycleEvent } from '../../../lifecycle/event.ts';
import { STEPS } from '../../../lifecycle/operation.ts';
import { lifecycleRunner } from '../../../lifecycle/run-operation.ts';
import { fixture, processesOf, processesWith, uniqueSeconds } from './fixture.ts';

const tasks = (events: readonly LifecycleEvent[]) => events.filter((event) => event.type === 'task-finished');

const [DAEMON, HANG] = [1, 2].map(uniqueSeconds) as [string, string];

const THREE_TASKS = `- name: Etcd
  hosts: all
  gather_facts: false
  tasks:
    - name: Change something
      ansible.builtin.command: sleep 0.2
    - name: Look at groups and variables
      ansible.builtin.assert:
        that:
          - groups.etcd == ['first'] and groups.control_plane == ['first'] and groups.worker == ['second']
          - cluster.spec.runtime.pauseImage is defined
          - cluster_state_directory is abs
    - name: Skip on one
      ansible.builtin.command: 'true'
      changed_when: false
      when: inventory_hostname == 'first'
`;

describe.each(['linear', 'mitogen_linear'] as const)('with %s', (strategy) => {
  test('tells every task of every machine while it runs, then passes', async () => {
    const { playbooksDirectory, events, request } = await fixture({ 'etcd.yml': THREE_TASKS });
    const result = await lifecycleRunner({ playbooksDirectory })(request({ strategy }));
    expect(result).toEqual({
      ...{ outcome: 'passed', durationMs: expect.any(Number), changed: 2, log: expect.stringMatching(/\/log\/ansible\.log$/) as string },
      changes: expect.arrayContaining(['etcd: Change something on first', 'etcd: Change something on second']) as string[],
    });
    expect(events.map(({ type }) => type)).toEqual([
      'operation-started', 'step-started', ...Array(6).fill('task-finished'), 'step-finished', 'operation-finished',
    ]);
    expect(tasks(events).map(({ host, task, status }) => `${host}: ${task}: ${status}`).sort()).toEqual([
      'first: Change something: changed', 'first: Look at groups and variables: ok', 'first: Skip on one: ok',
      'second: Change something: changed', 'second: Look at groups and variables: ok', 'second: Skip on one: skipped',
    ]);
    const [slept] = tasks(events);
    expect(slept?.durationMs).toBeGreaterThanOrEqual(200);
    expect(slept?.durationMs).toBeLessThanOrEqual(result.durationMs);
    expect(slept).toMatchObject({ step: 'etcd', path: 'playbooks/etcd.yml:5' });
    expect(events.at(-1)).toMatchObject({ operation: 'etcd', outcome: 'passed', changed: 2 });
  });

  test('names the step, task, machine, message and place of a failure, and not of those ignored or rescued', async () => {
    const { playbooksDirectory, events, request } = await fixture({
      'etcd.yml': `- hosts: all
  gather_facts: false
  tasks:
    - name: Ignored
      ansible.builtin.command: 'false'
      ignore_errors: true
    - block:
        - name: Rescued
          ansible.builtin.command: 'false'
      rescue:
        - ansible.builtin.debug:
            msg: rescued
    - ansible.builtin.include_role:
        name: member
`,
      'roles/member/tasks/main.yml': `- name: Start the member
  ansible.builtin.shell: echo out of luck >&2; exit 3
  when: inventory_hostname == 'second'
`,
    });
    const result = await lifecycleRunner({ playbooksDirectory })(request({ strategy }));
    expect(result.outcome).toBe('failed');
    expect(result.failure).toEqual({
      step: 'etcd',
      task: 'Start the member',
      host: 'second',
      message: 'non-zero return code\nout of luck',
      path: 'playbooks/roles/member/tasks/main.yml:1',
    });
    expect(tasks(events).filter(({ status }) => status === 'failed')).toMatchObject([{ role: 'member', host: 'second' }]);
    expect(tasks(events).filter(({ task }) => task === 'Rescued')).toMatchObject([
      { status: 'ok', message: 'failed, and rescued: non-zero return code' }, { status: 'ok' },
    ]);
    expect(events.at(-2)).toMatchObject({ type: 'step-finished', step: 'etcd', outcome: 'failed' });
  });

  test('aborting ends every process, those that daemonised themselves too', async () => {
    const { playbooksDirectory, events, request } = await fixture({
      'etcd.yml': `- hosts: all
  gather_facts: false
  tasks:
    - name: Leave a daemon behind, as a connection master does
      ansible.builtin.shell: setsid --fork sleep ${DAEMON} </dev/null >/dev/null 2>&1
    - name: Hang
      ansible.builtin.command: sleep ${HANG}
`,
    });
    const controller = new AbortController();
    const running = lifecycleRunner({ playbooksDirectory })(request({ strategy, signal: controller.signal }));
    // mitogen reaches both through one connection to this host, and so one after the other
    await expect.poll(() => [processesOf(`sleep ${DAEMON}`).length, processesOf(`sleep ${HANG}`).length], { timeout: 240_000 }).toEqual([2, strategy === 'linear' ? 2 : 1]);
    controller.abort();
    const result = await running;
    expect(result.failure?.message).toMatch(/^etcd was asked to stop, in the step etcd at "Hang" on /);
    expect(result.outcome).toBe('aborted');
    expect([...processesWith(`sleep ${DAEMON}`), ...processesWith(`sleep ${HANG}`)]).toEqual([]);
    expect(processesWith(playbooksDirectory)).toEqual([]);
    expect(events.at(-1)).toMatchObject({ type: 'operation-finished', outcome: 'aborted' });
  });
});

test('deploy runs the nine steps in their order, each with its own duration', async () => {
  const play = (step: string) => `- name: ${step}\n  hosts: all\n  gather_facts: false\n  tasks:\n    - ansible.builtin.command: 'true'\n`;
  const { playbooksDirectory, events, request } = await fixture({
    ...Object.fromEntries(STEPS.map((step) => [`${step}.yml`, play(step)])),
    'deploy.yml': STEPS.map((step) => `- import_playbook: ${step}.yml\n`).join(''),
  });
  const result = await lifecycleRunner({ playbooksDirectory })(request({ operation: 'deploy' }));
  expect(result).toMatchObject({ outcome: 'passed', changed: 18 });
  const finished = events.filter((event) => event.type === 'step-finished');
  expect(finished.map(({ step, outcome, changed }) => [step, outcome, changed])).toEqual(STEPS.map((step) => [step, 'passed', 2]));
});

test('deploy without one of the steps fails', async () => {
  const { playbooksDirectory, request } = await fixture({ 'deploy.yml': '- hosts: all\n  gather_facts: false\n  tasks:\n    - command: echo' });
  const result = await lifecycleRunner({ playbooksDirectory })(request({ operation: 'deploy' }));
  expect(result).toMatchObject({ outcome: 'failed', failure: { step: 'bootstrap-os', message: 'no task of the step bootstrap-os ran on any machine' } });
});

test.each([
  ['a pattern that matches no host', '- hosts: nobody\n  gather_facts: false\n  tasks:\n    - command: echo\n'],
  ['a play without tasks', '- hosts: all\n  gather_facts: false\n'],
])('%s fails, because nothing ran', async (_title, playbook) => {
  const { playbooksDirectory, events, request } = await fixture({ 'etcd.yml': playbook });
  const result = await lifecycleRunner({ playbooksDirectory })(request());
  expect(result).toMatchObject({ outcome: 'failed', failure: { message: 'no task of the step etcd ran on any machine' } });
  expect(events.filter(({ type }) => type === 'step-finished')).toMatchObject([{ outcome: 'failed' }]);
});

test('a playbook that ansible cannot read fails with what ansible says', async () => {
  const { playbooksDirectory, request } = await fixture({ 'etcd.yml': '- hosts: all\n  tasks:\n    - no_such_module_at_all: {}\n' });
  const result = await lifecycleRunner({ playbooksDirectory })(request());
  expect(result.outcome).toBe('failed');
  expect(result.failure?.message).toMatch(/exit code 4: .*no_such_module_at_all/s);
});

test('a machine that never answers is an infrastructure error, one that stops answering a failure', async () => {
  const dead = `all:
  hosts:
    first: {ansible_host: localhost, ansible_port: 1, ansible_ssh_common_args: '-F none'}
    second: {ansible_connection: local}
`;
  const play = '- hosts: first\n  gather_facts: false\n  tasks:\n    - assert: {that: true}\n    - raw: echo\n';
  const never = await fixture({ 'etcd.yml': play }, dead);
  const { outcome, failure } = await lifecycleRunner(never)(never.request());
  expect(outcome).toBe('errored');
  expect(failure).toMatchObject({ host: 'first', message: expect.stringContaining('port 1: Connection refused') });

  const stops = await fixture({ 'etcd.yml': `- hosts: second
  gather_facts: false
  tasks:
    - raw: echo
    - set_fact: {ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 1}
    - name: Vanish
      raw: echo
` }, dead);
  expect(await lifecycleRunner(stops)(stops.request({ strategy: 'linear' }))).toMatchObject({ outcome: 'failed', failure: { task: 'Vanish' } });
});

test('the limit ends the operation as timed-out, says where it was, and leaves no process', async () => {
  const hang = (seconds: string) => fixture({ 'etcd.yml': `- hosts: all\n  gather_facts: false\n  tasks:\n    - name: Hang\n      command: sleep ${seconds}\n` });
  // the limit must strike inside of the task: what comes before it takes far less than this whole run does here and now
  const short = await hang('0');
  const { durationMs } = await lifecycleRunner(short)(short.request());
  const limitMs = 5000 + 5 * durationMs;
  const { playbooksDirectory, request } = await hang(HANG);
  const result = await lifecycleRunner({ playbooksDirectory })(request({ limitMs }));
  expect(result.outcome).toBe('timed-out');
  expect(result.failure?.message).toMatch(/^etcd took longer than its limit of .*, in the step etcd at "Hang" on (first, second|second, first)$/);
  expect(result.failure?.message).toContain(` ${formatDuration(limitMs)}, `);
  expect(processesWith(`sleep ${HANG}`)).toEqual([]);
});

test('what is aborted before it starts starts nothing', async () => {
  const { playbooksDirectory, events, request } = await fixture({ 'etcd.yml': THREE_TASKS });
  const result = await lifecycleRunner({ playbooksDirectory })(request({ signal: AbortSignal.abort() }));
  expect(result.outcome).toBe('aborted');
  expect(events.map(({ type }) => type)).toEqual(['operation-started', 'operation-finished']);
});

test('no secret reaches an event or a log', async () => {
  const canary = 'canary-5b1f1c3a9e';
  const pem = '-----BEGIN EC PRIVATE KEY-----\\ncanary-5b1f1c3a9e\\n-----END EC PRIVATE KEY-----';
  const { playbooksDirectory, events, request, logs } = await fixture({
    'etcd.yml': `- hosts: first
  gather_facts: false
  tasks:
    - name: Hidden and failing
      ansible.builtin.command: echo ${canary}
      failed_when: true
      ignore_errors: true
      no_log: true
    - name: Hidden in a loop
      ansible.builtin.command: echo {{ item }}
      loop: [${canary}]
      no_log: true
    - name: Prints a key by mistake
      ansible.builtin.shell: printf -- '${pem}' >&2; exit 1
`,
  });
  const result = await lifecycleRunner({ playbooksDirectory })(request());
  expect(result.failure).toMatchObject({ task: 'Prints a key by mistake', message: 'non-zero return code\n***' });
  expect(tasks(events)[0]).toMatchObject({ status: 'ok', message: 'failed, and ignored: hidden: the task has no_log' });
  const everything = JSON.stringify(events) + await logs();
  expect(everything).not.toContain(canary);
  // The log is there, and it is the task's output that was masked in it.
  expect(everything).toContain('Prints a key by mistake');
});

test("the caller's environment does not reach ansible", async () => {
  const before = { ...process.env };
  Object.assign(process.env, { ANSIBLE_CHECK_MODE: '1', ANSIBLE_RUN_TAGS: 'none', ANSIBLE_STRATEGY: 'debug', CI_JOB_TOKEN: 'leaks', HOME: '/nowhere' });
  onTestFinished(() => { process.env = before; });
  const { playbooksDirectory, request, root } = await fixture({
    'etcd.yml': '- hosts: first\n  gather_facts: false\n  tasks:\n    - shell: env > {{ cluster_state_directory }}/env\n',
  });
  const result = await lifecycleRunner({ playbooksDirectory })(request());
  expect(result).toMatchObject({ outcome: 'passed', changed: 1 });
  const environment = await readFile(path.join(root, 'state', 'env'), 'utf8');
  expect(environment).not.toMatch(/CI_JOB_TOKEN|ANSIBLE_CHECK_MODE|ANSIBLE_RUN_TAGS|HOME=\/nowhere/);
  expect(environment).toContain('LC_ALL=C.UTF-8');
});

test('only one run at a time works on a cluster', async () => {
  const { playbooksDirectory, request, events, root } = await fixture({
    'etcd.yml': '- hosts: all\n  gather_facts: false\n  tasks:\n    - shell: until [ -e {{ cluster_state_directory }}/gate ]; do sleep 0.05; done\n',
  });
  const run = lifecycleRunner({ playbooksDirectory });
  const first = run(request());
  await expect.poll(() => events.length, { timeout: 240_000 }).toBeGreaterThan(1);
  await expect(run(request())).rejects.toMatchObject({ code: 'CLUSTER_BUSY', fault: 'usage' });
  await writeFile(path.join(root, 'state', 'gate'), '');
  expect(await first).toMatchObject({ outcome: 'passed' });
});

test('what a module warns of is an event, masked, and fails nothing', async () => {
  const { playbooksDirectory, request, events } = await fixture({
    'library/look.py': 'from ansible.module_utils.basic import AnsibleModule\nmodule = AnsibleModule({})\nmodule.warn("an old kernel, password=correcthorse")\nmodule.exit_json()\n',
    'etcd.yml': '- hosts: all\n  gather_facts: false\n  tasks:\n    - name: Look\n      look:\n    - name: Hide\n      look:\n      no_log: true\n',
  });
  expect(await lifecycleRunner({ playbooksDirectory })(request())).toMatchObject({ outcome: 'passed' });
  const warnings = events.flatMap((event) => (event.type === 'warning' ? [`${event.step} ${event.host}: ${event.message}`] : []));
  expect(warnings.sort()).toEqual(['etcd first: an old kernel, password=***', 'etcd second: an old kernel, password=***']);
});

test('check mode changes nothing', async () => {
  const { playbooksDirectory, request, root } = await fixture({
    'etcd.yml': '- hosts: first\n  gather_facts: false\n  tasks:\n    - copy:\n        dest: "{{ cluster_state_directory }}/made"\n        content: x\n',
  });
  expect(await lifecycleRunner({ playbooksDirectory })(request({ check: true }))).toMatchObject({ outcome: 'passed', changed: 1 });
  expect(await readdir(path.join(root, 'state'))).not.toContain('made');
});

test('the state directory is ours alone, and the kubeconfig in it is named', async () => {
  const { playbooksDirectory, request, root } = await fixture({
    'etcd.yml': '- hosts: first\n  gather_facts: false\n  tasks:\n    - copy:\n        dest: "{{ cluster_state_directory }}/admin.kubeconfig"\n        content: x\n        mode: "0600"\n',
  });
  const run = lifecycleRunner({ playbooksDirectory });
  const state = path.join(root, 'state');
  await mkdir(state, { mode: 0o755 });
  expect(await run(request())).toMatchObject({ kubeconfig: path.join(state, 'admin.kubeconfig') });
  expect((await stat(state)).mode & 0o777).toBe(0o700);
  await chmod(state, 0o755);
  await expect(run(request())).rejects.toMatchObject({ code: 'STATE_DIRECTORY_EXPOSED' });
});

test('an inventory that does not fit the cluster is refused before anything starts', async () => {
  const { playbooksDirectory, request, root, events } = await fixture({ 'etcd.yml': THREE_TASKS });
  const run = lifecycleRunner({ playbooksDirectory });
  const file = path.join(root, 'inventory.yml');
  const refused = async (text: string) => {
    await writeFile(file, text);
    return expect(run(request())).rejects;
  };
  await (await refused('all:\n  hosts:\n    first: {}\n')).toThrow(`${file}:3:5: machine second of cluster fixture is not in the inventory`);
  await (await refused('all:\n  hosts:\n    first:\n    second:\n    third:\n')).toThrow(`${file}:5:5: cluster fixture has no machine third`);
  await (await refused('all:\n  hosts:\n    first: {colour: red}\n    second:\n')).toThrow(`${file}:3:13: key all.hosts.first.colour: only connection variables`);
  await (await refused('all:\n  children: {}\n  hosts:\n')).toThrow(`${file}:2:3: unknown key "children" in all`);
  expect(events).toEqual([]);
});

test('nothing temporary stays behind', async () => {
  const ours = async () => (await readdir(tmpdir())).filter((name) => /^lifecycle-[^t]/.test(name) || name.startsWith('mitogen'));
  const before = await ours();
  const { playbooksDirectory, request } = await fixture({ 'etcd.yml': THREE_TASKS });
  await lifecycleRunner({ playbooksDirectory })(request());
  // what other runs on this host have there at the moment goes, too
  await expect.poll(async () => (await ours()).filter((name) => !before.includes(name)), { timeout: 240_000 }).toEqual([]);
});

test('a TMPDIR that is too long for sockets is no obstacle', async () => {
  const { root, playbooksDirectory, request } = await fixture({ 'etcd.yml': THREE_TASKS });
  const long = path.join(root, 'x'.repeat(90 - Buffer.byteLength(root) - 1));
  await mkdir(long);
  vi.stubEnv('TMPDIR', long);
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(await lifecycleRunner({ playbooksDirectory })(request())).toMatchObject({ outcome: 'passed' });
  expect(await readdir(long)).toEqual([]);
});
