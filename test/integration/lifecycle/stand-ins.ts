import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { packageRoot } from '../../../lifecycle/root.ts';

/** What a module was asked for, as it arrived. */
export interface Call {
  readonly module: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** The shipped playbooks with modules that write down what they are asked for, and do nothing. Those of Ansible itself change nothing in check mode. */
export interface StandIns {
  readonly playbooksDirectory: string;
  readonly calls: () => Promise<Call[]>;
}

/** What machines say of themselves, by the module that asks; each gets an identifier and the time of its own. */
export interface Facts {
  readonly machine_facts: object;
  readonly cluster_traces: object;
}

export async function standIns(root: string, facts: Facts, playbooks: Readonly<Record<string, string>> = {}): Promise<StandIns> {
  const shipped = path.join(packageRoot, 'playbooks');
  const [playbooksDirectory, records] = [path.join(root, 'playbooks'), path.join(root, 'records')];
  for (const directory of [path.join(playbooksDirectory, 'stand-ins'), path.join(playbooksDirectory, 'actions'), records]) await mkdir(directory, { recursive: true });
  for (const name of await readdir(shipped)) {
    if (name.endsWith('.yml')) await cp(path.join(shipped, name), path.join(playbooksDirectory, name));
    else if (name !== 'ansible.cfg') await symlink(path.join(shipped, name), path.join(playbooksDirectory, name));
  }
  // What works on the runner alone is real; the endpoint that one of them asks is not there.
  for (const name of (await readdir(path.join(shipped, 'plugins', 'action'))).filter((file) => file.endsWith('.py') && file !== 'verify_cluster.py')) {
    await symlink(path.join(shipped, 'plugins', 'action', name), path.join(playbooksDirectory, 'actions', name));
  }
  const configuration = await readFile(path.join(shipped, 'ansible.cfg'), 'utf8');
  await writeFile(path.join(playbooksDirectory, 'ansible.cfg'), configuration.replace('library = ', 'library = stand-ins:').replace(/^action_plugins = .*$/m, 'action_plugins = actions'));
  const modules = (await readdir(path.join(shipped, 'plugins', 'modules'))).filter((name) => name.endsWith('.py')).map((name) => path.basename(name, '.py'));
  for (const module of [...modules, 'record']) await writeFile(path.join(playbooksDirectory, 'stand-ins', `${module}.py`), standIn(module, records, facts));
  for (const [name, text] of Object.entries(playbooks)) await writeFile(path.join(playbooksDirectory, name), text);
  const calls = async () => Promise.all((await readdir(records)).map(async (name) => JSON.parse(await readFile(path.join(records, name), 'utf8')) as Call));
  return { playbooksDirectory, calls };
}

function standIn(module: string, records: string, { machine_facts: machine, cluster_traces: traces }: Facts): string {
  return `#!/usr/bin/python
import json
import time
import uuid
from ansible.module_utils.basic import _load_params


def main():
    params = {key: value for key, value in _load_params().items() if not key.startswith('_ansible_')}
    with open(${JSON.stringify(records)} + '/' + uuid.uuid4().hex, 'w') as stream:
        json.dump({'module': ${JSON.stringify(module)}, 'params': params}, stream)
    result = {'changed': False, 'version': '2.4.2'}
    if ${JSON.stringify(module)} == 'machine_facts':
        machine = json.loads(${JSON.stringify(JSON.stringify(machine))})
        result['ansible_facts'] = {'machine': dict(machine, machine_id=uuid.uuid4().hex, time=time.time())}
    if ${JSON.stringify(module)} == 'cluster_traces':
        result['ansible_facts'] = {'cluster_traces': json.loads(${JSON.stringify(JSON.stringify(traces))})}
    print(json.dumps(result))
    raise SystemExit(0)


if __name__ == '__main__':
    main()
`;
}
