import { expect, test } from 'vitest';
import { parseAnsibleLint } from '../../../../harness/suite/lint/ansible-lint.ts';
import { isEntryPoint } from '../../../../harness/suite/lint/ansible-environment.ts';
import { parseSyntaxError } from '../../../../harness/suite/lint/playbook-syntax.ts';
import { isShellScript, parseShellcheck } from '../../../../harness/suite/lint/shellcheck.ts';
import { parseYamllint } from '../../../../harness/suite/lint/yamllint.ts';

test('yamllint: errors, warnings, and a syntax error without a rule', () => {
  expect(parseYamllint('a b.yml:3:1: [error] duplication of key "key" in mapping (key-duplicates)\na:b.yml:1:2: [warning] odd (x) thing\n')).toEqual([
    { tool: 'yamllint', rule: 'key-duplicates', message: 'duplication of key "key" in mapping', file: 'a b.yml', line: 3, column: 1 },
    { tool: 'yamllint', rule: 'syntax', message: 'odd (x) thing', file: 'a:b.yml', line: 1, column: 2 },
  ]);
  expect(() => parseYamllint('Traceback (most recent call last):\n')).toThrow('unknown');
});

test.each([
  ['run.sh', '', true],
  ['run', '#!/bin/sh', true],
  ['run', '#!/usr/bin/env bash', true],
  ['run', '#!/usr/bin/env -S bash -e', true],
  ['run', '#! /bin/dash -eu', true],
  ['run', '#!/usr/bin/env node', false],
  ['run', '#!/usr/bin/fish', false],
  ['run.py', '#!/usr/bin/python3', false],
  ['run.sh.j2', '#!/bin/sh', false],
  ['README.md', 'sh', false],
])('%s beginning with %j: shell script %s', (path, firstLine, expected) => {
  expect(isShellScript({ path, firstLine })).toBe(expected);
});

test('shellcheck', () => {
  const comment = { file: 'a', line: 2, endLine: 2, column: 6, endColumn: 8, level: 'info', code: 2086, message: 'Double quote' };
  expect(parseShellcheck(JSON.stringify({ comments: [comment] }))).toEqual([{ tool: 'shellcheck', rule: 'SC2086', message: 'Double quote', file: 'a', line: 2, column: 6 }]);
  expect(() => parseShellcheck('')).toThrow();
});

test('ansible-lint: with a line, with a column, with a detail', () => {
  const base = { type: 'issue', check_name: 'name[casing]', description: 'Wrong.' };
  expect(parseAnsibleLint(JSON.stringify([
    { ...base, location: { path: 'a', lines: { begin: 3 } } },
    { ...base, content: { body: 'seen here' }, location: { path: 'a', positions: { begin: { line: 4, column: 7 } } } },
    { ...base, content: { body: 'a whole\npage' }, location: { path: 'a', lines: { begin: 5 } } },
  ]))).toMatchObject([
    { rule: 'name[casing]', message: 'Wrong.', line: 3, column: 1 },
    { message: 'Wrong.: seen here', line: 4, column: 7 },
    { message: 'Wrong.', line: 5 },
  ]);
  expect(() => parseAnsibleLint('{}')).toThrow();
});

test('playbook syntax: the place of old and new ansible, or else the playbook itself', () => {
  const old = "ERROR! couldn't resolve module/action 'x'. This often\n\nThe error appears to be in '/r/playbooks/roles/a/tasks/main.yml': line 5, column 7, but may\nbe elsewhere";
  expect(parseSyntaxError('/r', 'playbooks/a.yml', old)).toEqual({
    tool: 'playbook-syntax', rule: 'syntax-check', message: "couldn't resolve module/action 'x'. This often", file: 'playbooks/roles/a/tasks/main.yml', line: 5, column: 7,
  });
  expect(parseSyntaxError('/r', 'playbooks/a.yml', '[ERROR]: no such module\nOrigin: /r/playbooks/a.yml:6:7\n\n4')).toMatchObject({ file: 'playbooks/a.yml', line: 6, column: 7 });
  expect(parseSyntaxError('/r', 'playbooks/a.yml', 'killed')).toMatchObject({ message: 'killed', file: 'playbooks/a.yml', line: 1 });
});

test('entry points are the playbooks themselves', () => {
  expect(['playbooks/etcd.yml', 'playbooks/roles/a/tasks/main.yml', 'playbooks/group_vars/all/main.yml'].map(isEntryPoint)).toEqual([true, false, false]);
});
