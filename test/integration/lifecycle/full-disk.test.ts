import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { lifecycleRunner } from '../../../lifecycle/run-operation.ts';
import { fixture, processesWith, uniqueSeconds } from './fixture.ts';

test('a log that takes no more lines ends the run at once, as an infrastructure error', async () => {
  const seconds = uniqueSeconds(7);
  const { root, playbooksDirectory, request } = await fixture({
    'etcd.yml': `- hosts: all\n  gather_facts: false\n  tasks:\n    - {name: Hang, ansible.builtin.command: sleep ${seconds}}\n`,
  });
  await mkdir(path.join(root, 'log'));
  await symlink('/dev/full', path.join(root, 'log', 'ansible.log'));
  const result = await lifecycleRunner({ playbooksDirectory })(request({ limitMs: 120_000 }));
  expect(result).toMatchObject({ outcome: 'errored', failure: { message: 'the log of the run cannot be written: ENOSPC: no space left on device, write' } });
  expect(processesWith(seconds)).toEqual([]);
});
