import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { lifecycleRunner } from '../../../lifecycle/run-operation.ts';
import { fixture } from './fixture.ts';

const PLAYBOOK = `- name: Etcd
  hosts: all
  gather_facts: false
  tasks:
    - name: Keep something in the state directory
      ansible.builtin.copy: {content: kept, dest: "{{ cluster_state_directory }}/kept-{{ inventory_hostname }}"}
      delegate_to: localhost
    - name: Look at groups and variables
      ansible.builtin.assert:
        that:
          - groups.etcd == ['first'] and groups.worker == ['second']
          - cluster.metadata.name == 'fixture'
`;

/** What shells, Ansible, YAML or ssh give a meaning to. */
const NAMES = ['feature%2Fx $HOME', '${HOME} "quotes\'', 'comma,s: {{ 1 }} #hash', '~root', '-dash\\ *=@ ümläut\n'];

test.each(NAMES.flatMap((name) => (['linear', 'mitogen_linear'] as const).map((strategy) => [name, strategy] as const)))('all paths may lie below %j, with %s', async (name, strategy) => {
  const { root, playbooksDirectory, request } = await fixture({ 'etcd.yml': PLAYBOOK });
  const odd = path.join(root, name);
  await mkdir(odd);
  await rename(path.join(root, 'inventory.yml'), path.join(odd, 'inventory.yml'));
  // ansible has no way to name playbooks whose path has a $
  const moved = name.includes('$') ? root : odd;
  if (moved === odd) await rename(playbooksDirectory, path.join(odd, 'playbooks'));
  const result = await lifecycleRunner({ playbooksDirectory: path.join(moved, 'playbooks') })(request({
    strategy,
    inventory: path.join(odd, 'inventory.yml'),
    stateDirectory: path.join(odd, 'state'),
    logDirectory: path.join(odd, 'log'),
    limitMs: 60_000,
  }));
  expect(result).toMatchObject({ outcome: 'passed' });
  await Promise.all(['first', 'second'].map((host) => rm(path.join(odd, 'state', `kept-${host}`))));
});

test('playbooks below a path with a $ are refused before anything starts', async () => {
  const { root, playbooksDirectory, request } = await fixture({ 'etcd.yml': PLAYBOOK });
  await mkdir(path.join(root, '$HOME'));
  await rename(playbooksDirectory, path.join(root, '$HOME', 'playbooks'));
  const run = lifecycleRunner({ playbooksDirectory: path.join(root, '$HOME', 'playbooks') });
  await expect(run(request())).rejects.toMatchObject({ code: 'PLAYBOOKS_PATH_UNUSABLE', fault: 'usage' });
});
