import { constants } from 'node:fs';
import { access, chmod, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ansibleJson } from './ansible-data.ts';
import { isDiskFull } from './disk-full.ts';
import { makeDirectory } from './make-directory.ts';
import { ansibleEnvironment } from './environment.ts';
import { ProofgridError } from './error.ts';
import { groupsYaml, readInventory } from './inventory.ts';
import { readManifests } from './manifests.ts';
import { makePrivateDirectory, plainPath } from './private-directory.ts';
import type { RunRequest } from './run.ts';
import { chooseStrategy } from './strategy.ts';

export interface PreparedRun {
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly privateDirectory: string;
  readonly lock: string;
  readonly log: string;
}

/** Checks all input and writes all that ansible reads; nothing is started. Rejects with fault `usage` for bad input. */
export async function prepareRun(request: RunRequest, playbooksDirectory: string): Promise<PreparedRun> {
  const { cluster, operation } = request;
  const stateDirectory = path.resolve(request.stateDirectory);
  const logDirectory = path.resolve(request.logDirectory);
  const playbook = path.join(playbooksDirectory, `${operation}.yml`);
  await access(playbook).catch((cause: unknown) => {
    throw new ProofgridError({ code: 'PLAYBOOK_MISSING', fault: 'usage', what: `there is no playbook ${playbook} for ${operation}`, cause });
  });
  if (path.resolve(playbooksDirectory).includes('$')) {
    throw new ProofgridError({
      code: 'PLAYBOOKS_PATH_UNUSABLE',
      fault: 'usage',
      what: `the playbooks lie in ${path.resolve(playbooksDirectory)}, and ansible takes a $ in their path for a variable`,
      remedy: 'move them to a directory without it',
    });
  }
  const connections = await readInventory(request.inventory, cluster);
  const objects = await readManifests(cluster, process.cwd());
  const ansiblePlaybook = await findProgram('ansible-playbook');
  const strategy = await chooseStrategy(request.strategy, ansiblePlaybook);
  await makeStateDirectory(stateDirectory);
  await makeUsable(logDirectory);

  const { path: privateDirectory, inventory, manifests } = await makePrivateDirectory({ cluster, connections, objects, base: playbooksDirectory });
  const { clusterId } = request;
  // Ansible reads its own copies: it takes a `$` in the path of the others for a variable.
  const write = async (name: string, text: string) => {
    await writeFile(path.join(logDirectory, name), text, { mode: 0o600 });
    await writeFile(path.join(privateDirectory, name), text, { mode: 0o600 });
    return path.join(privateDirectory, name);
  };
  const groups = await write('groups.yml', groupsYaml(cluster));
  const variables = await write('variables.json', ansibleJson({
    cluster,
    cluster_state_directory: await plainPath(privateDirectory, stateDirectory, 'state'),
    cluster_manifests_file: manifests,
    ...(clusterId !== undefined && { cluster_id_to_remove: clusterId }),
  }));
  return {
    command: [
      ansiblePlaybook, '-i', inventory, '-i', groups, '-e', `@${variables}`,
      ...(request.check === true ? ['--check'] : []), playbook,
    ],
    env: ansibleEnvironment(process.env, { playbooksDirectory, privateDirectory, strategy }),
    privateDirectory,
    lock: path.join(stateDirectory, '.lock'),
    log: path.join(logDirectory, 'ansible.log'),
  };
}

async function makeUsable(directory: string, mode?: number): Promise<void> {
  await makeDirectory(directory, mode).catch((cause: unknown) => {
    if (isDiskFull(cause)) throw cause;
    throw new ProofgridError({
      code: 'DIRECTORY_UNUSABLE',
      fault: 'usage',
      what: `the directory ${directory} cannot be made: ${(cause as Error).message}`,
      remedy: 'name one in which this user may write, with --state and --log',
      cause,
    });
  });
}

/** It holds the cluster's CA key: nobody else may look into it. */
async function makeStateDirectory(directory: string): Promise<void> {
  await makeUsable(directory, 0o700);
  const { mode } = await stat(directory);
  if ((mode & 0o077) === 0) return;
  if ((await readdir(directory)).length === 0) return chmod(directory, 0o700);
  throw new ProofgridError({
    code: 'STATE_DIRECTORY_EXPOSED',
    fault: 'usage',
    what: `others may read ${directory}, which holds the cluster's keys (mode ${(mode & 0o777).toString(8)})`,
    remedy: 'chmod 700 it, and think of its keys as known',
  });
}

async function findProgram(name: string): Promise<string> {
  for (const directory of (process.env.PATH ?? '').split(path.delimiter)) {
    const file = path.resolve(directory, name);
    if (await access(file, constants.X_OK).then(() => true, () => false)) return file;
  }
  throw new ProofgridError({
    code: 'ANSIBLE_MISSING',
    fault: 'infrastructure',
    what: `${name} is nowhere on the PATH`,
    remedy: 'install ansible: `proofgrid doctor --fix`',
  });
}
