import { constants } from 'node:fs';
import { access, chmod, mkdir, mkdtemp, readdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { ansibleEnvironment } from './environment.ts';
import { ProofgridError } from './error.ts';
import { checkInventory, groupsOf } from './inventory.ts';
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
  const inventory = path.resolve(request.inventory);
  const stateDirectory = path.resolve(request.stateDirectory);
  const logDirectory = path.resolve(request.logDirectory);
  const playbook = path.join(playbooksDirectory, `${operation}.yml`);
  await access(playbook).catch((cause: unknown) => {
    throw new ProofgridError({ code: 'PLAYBOOK_MISSING', fault: 'usage', what: `there is no playbook ${playbook} for ${operation}`, cause });
  });
  await checkInventory(inventory, cluster);
  const ansiblePlaybook = await findProgram('ansible-playbook');
  const strategy = await chooseStrategy(request.strategy, ansiblePlaybook);
  await makeStateDirectory(stateDirectory);
  await mkdir(logDirectory, { recursive: true });

  const groups = path.join(logDirectory, 'groups.yml');
  const variables = path.join(logDirectory, 'variables.json');
  // Ansible reads YAML 1.1, in which a bare `yes` or `12:30` is something else.
  await writeFile(groups, stringify(groupsOf(cluster), { version: '1.1' }));
  const { clusterId } = request;
  await writeFile(variables, `${JSON.stringify({ cluster, cluster_state_directory: stateDirectory, ...(clusterId !== undefined && { cluster_id_to_remove: clusterId }) }, undefined, 2)}\n`);

  const privateDirectory = await makePrivateDirectory(tmpdir());
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

/** Bytes: paths of sockets have 107 at most (unix(7)), of which ssh and mitogen need 57 below the directory. */
const LONGEST_PARENT = 50;
const SHORT_PARENT = '/tmp';

/** Sockets lie in it, so a TMPDIR that is too long for them is left alone. */
async function makePrivateDirectory(parent: string): Promise<string> {
  const short = Buffer.byteLength(parent) <= LONGEST_PARENT ? parent : SHORT_PARENT;
  return mkdtemp(path.join(short, 'lifecycle-')).catch((cause: unknown) => {
    throw new ProofgridError({
      code: 'TEMPORARY_DIRECTORY_UNUSABLE',
      fault: 'usage',
      what: short === parent
        ? `no directory can be made in ${parent}`
        : `TMPDIR ${parent} is longer than the ${LONGEST_PARENT} bytes that leave room for sockets, and no directory can be made in ${short} either`,
      remedy: 'set TMPDIR to a short path that you may write to',
      cause,
    });
  });
}

/** It holds the cluster's CA key: nobody else may look into it. */
async function makeStateDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
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
