import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, expect, test } from 'vitest';

const MODULE = path.resolve('playbooks/plugins/modules/place_files.py');
/** As Ansible runs it: with our own module_utils among its own. */
const RUN = `import runpy, sys, ansible.module_utils
ansible.module_utils.__path__.append(sys.argv[2])
module, sys.argv = sys.argv[1], sys.argv[:1]
runpy.run_path(module, run_name='__main__')`;
const directory = mkdtempSync(path.join(tmpdir(), 'place-files-'));
afterAll(() => rmSync(directory, { recursive: true }));

interface Result {
  readonly changed: boolean;
  readonly changed_paths: readonly string[];
}

async function place(parameters: object, check: boolean): Promise<Result> {
  const input = JSON.stringify({ ANSIBLE_MODULE_ARGS: { ...parameters, _ansible_check_mode: check } });
  const { stdout } = await execa('/usr/bin/python3', ['-B', '-c', RUN, MODULE, path.resolve('playbooks/plugins/module_utils')], { input });
  return JSON.parse(stdout) as Result;
}

test('a dry run says whom it would make, and what would be theirs, and makes neither', async () => {
  const theirs = path.join(directory, 'theirs');
  const user = 'proofgrid-nobody-has-me';
  const result = await place({ users: [user], directories: [{ path: theirs, owner: user, group: user }] }, true);
  expect(result).toMatchObject({ changed: true, changed_paths: [`user ${user}`, theirs] });
  expect(existsSync(theirs)).toBe(false);
  expect((await execa('getent', ['passwd', user], { reject: false })).exitCode).not.toBe(0);
});

test('a user that exists stays as it is, and a second run changes nothing', async () => {
  const parameters = { users: ['root'], directories: [{ path: path.join(directory, 'ours'), mode: '0700' }] };
  expect(await place(parameters, false)).toMatchObject({ changed: true, changed_paths: [path.join(directory, 'ours')] });
  expect(await place(parameters, false)).toMatchObject({ changed: false, changed_paths: [] });
  expect(statSync(path.join(directory, 'ours')).mode & 0o777).toBe(0o700);
});
