import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test } from 'vitest';
import { packageRoot } from '../../../lifecycle/root.ts';
import { runTools, type ToolResult } from '../../../harness/suite/lint/run-tools.ts';
import { LINT_TOOLS } from '../../../harness/suite/lint/tools.ts';

/** A checkout with these files and this repository's lint configuration. */
async function checkout(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(path.join(tmpdir(), 'lint-test-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  await cp(path.join(packageRoot, 'lint'), path.join(root, 'lint'), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), text);
  }
  await execa('git', ['init', '--quiet'], { cwd: root });
  return root;
}

async function judge(name: string, files: Readonly<Record<string, string>>, signal = new AbortController().signal): Promise<ToolResult> {
  const tools = LINT_TOOLS.filter((tool) => tool.name === name);
  const [result] = await runTools({ root: await checkout(files), tools, signal });
  if (result === undefined) throw new Error(`no tool ${name}`);
  return result;
}

async function findings(name: string, files: Readonly<Record<string, string>>): Promise<string[]> {
  const result = await judge(name, files);
  if ('error' in result) throw result.error;
  return result.findings.map(({ rule, file, line, column }) => `${file}:${line}:${column} ${rule}`);
}

const PLAYBOOK = `---
- name: Say something
  hosts: all
  gather_facts: false
  tasks:
    - name: Say it
      ansible.builtin.debug:
        msg: Hello
`;
const MATRIX_HEAD = '# yaml-language-server: $schema=../schema/matrix.schema.json\napiVersion: proofgrid.dev/v1alpha1\nkind: Matrix\n';

/** For each tool: a clean file, one mistake, and where it must be found. */
const CASES: Readonly<Record<string, { clean: Record<string, string>; broken: Record<string, string>; found: string[] }>> = {
  'ansible-lint': {
    clean: { 'playbooks/etcd.yml': PLAYBOOK },
    broken: { 'playbooks/etcd.yml': PLAYBOOK.replace('ansible.builtin.debug:\n        msg: Hello', 'ansible.builtin.command: echo hello') },
    found: ['playbooks/etcd.yml:6:1 no-changed-when'],
  },
  'playbook-syntax': {
    clean: { 'playbooks/etcd.yml': PLAYBOOK },
    broken: { 'playbooks/node.yml': PLAYBOOK, 'playbooks/etcd.yml': PLAYBOOK.replace('ansible.builtin.debug', 'no_such_module') },
    found: ['playbooks/etcd.yml:6:7 syntax-check'],
  },
  yamllint: {
    clean: { 'a.yml': '---\nkey: value\n' },
    broken: { 'a.yml': '---\nkey: value\nkey: yes\n' },
    found: ['lint/ansible-lint.yml', 'a.yml:3:1 key-duplicates', 'a.yml:3:6 truthy'].slice(1),
  },
  shellcheck: {
    clean: { 'script': '#!/bin/sh\necho "$1"\n' },
    // SC2230 is off by default: it shows that our configuration is read
    broken: { 'script': '#!/bin/sh\necho $1\n', 'other.sh': '#!/bin/sh\nwhich sh\n' },
    found: ['other.sh:2:1 SC2230', 'script:2:6 SC2086'],
  },
  documents: {
    clean: { 'schema/matrix.schema.json': '' },
    broken: { 'matrix/a.yaml': `${MATRIX_HEAD}colour: red\n`, 'matrix/b.yaml': 'kind: Matricks\n' },
    found: [],
  },
};

test('there is a case for every tool', () => {
  expect(Object.keys(CASES).sort()).toEqual(LINT_TOOLS.map(({ name }) => name).sort());
});

describe.each(Object.keys(CASES).filter((name) => name !== 'documents'))('%s', (name) => {
  const { clean, broken, found } = CASES[name] ?? { clean: {}, broken: {}, found: [] };
  test('finds nothing in a clean file', async () => {
    expect(await findings(name, clean)).toEqual([]);
  });
  test('finds the mistake, with its place', async () => {
    expect((await findings(name, broken)).sort()).toEqual([...found].sort());
  });
});

test('documents finds what does not fit its schema, and a kind that nobody reads', async () => {
  const found = await findings('documents', CASES.documents?.broken ?? {});
  expect(found).toContain('matrix/a.yaml:4:1 DOCUMENT_UNKNOWN_KEY');
  expect(found).toContain('matrix/b.yaml:1:7 DOCUMENT_INVALID_VALUE');
  expect(found).toContain('matrix/b.yaml:1:1 SCHEMA_NOT_NAMED');
});

test('documents finds a shipped schema that is not what the code says', async () => {
  expect(await findings('documents', { 'schema/matrix.schema.json': '{}\n' })).toEqual(['schema/matrix.schema.json:1:1 SCHEMA_OUTDATED']);
});

test('a playbook that breaks only together with its imports is found once', async () => {
  const found = await findings('playbook-syntax', {
    'playbooks/etcd.yml': PLAYBOOK.replace('ansible.builtin.debug', 'no_such_module'),
    'playbooks/deploy.yml': '---\n- name: Etcd\n  ansible.builtin.import_playbook: etcd.yml\n',
  });
  expect(found).toEqual(['playbooks/etcd.yml:6:7 syntax-check']);
});

test.each(LINT_TOOLS.map(({ name }) => name).filter((name) => name !== 'yamllint'))('%s without a file to judge is an error', async (name) => {
  expect(await judge(name, {})).toMatchObject({ error: new Error(`${name} found no file to judge`) });
});

test.each([
  ['yamllint', { 'lint/yamllint.yml': 'rules: [nonsense' }],
  ['ansible-lint', { 'lint/ansible-lint.yml': 'nonsense: true\n', 'playbooks/etcd.yml': PLAYBOOK }],
])('%s with a broken configuration is an error', async (name, files) => {
  expect(await judge(name, files)).toMatchObject({ error: expect.any(Error) });
});

test('a tool that is not installed is an error', async () => {
  const before = process.env.PATH ?? '';
  const directory = await mkdtemp(path.join(tmpdir(), 'path-'));
  onTestFinished(async () => { process.env.PATH = before; await rm(directory, { recursive: true }); });
  const root = await checkout({ 'a.sh': '#!/bin/sh\n' });
  const { stdout: git } = await execa('sh', ['-c', 'command -v git']);
  await cp(git, path.join(directory, 'git'));
  process.env.PATH = directory;
  const [result] = await runTools({ root, tools: LINT_TOOLS.filter(({ name }) => name === 'shellcheck'), signal: new AbortController().signal });
  expect(result).toMatchObject({ error: { code: 'LINT_TOOL_MISSING' } });
});

test('what git ignores is not judged, what it does not track yet is', async () => {
  const result = await judge('shellcheck', { '.gitignore': 'ignored.sh\n', 'ignored.sh': 'echo $1\n', 'new.sh': '#!/bin/sh\n' });
  expect(result.files).toEqual(['new.sh']);
});

test('this repository has a file for every tool, and all of them together take less than 60 s', async () => {
  const started = performance.now();
  const results = await runTools({ root: packageRoot, tools: LINT_TOOLS, signal: new AbortController().signal });
  expect(results.map((result) => [result.tool, 'error' in result ? String(result.error) : 'ran'])).toEqual(LINT_TOOLS.map(({ name }) => [name, 'ran']));
  expect(performance.now() - started).toBeLessThan(60_000);
});
