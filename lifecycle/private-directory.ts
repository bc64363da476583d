import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ClusterDeployment } from './cluster-deployment.ts';
import { ProofgridError } from './error.ts';
import { inventoryJson, type Connections } from './inventory.ts';
import type { ManifestObjects } from './manifests.ts';

/** Bytes: paths of sockets have 107 at most (unix(7)), of which ssh and mitogen need 57 below the directory. */
const MAX_TMPDIR_BYTES = 50;
const SHORT_TMPDIR = '/tmp';

/** `%` starts a token of ssh, `$` a variable of Ansible's paths (ansible/utils/path.py, `unfrackpath`). */
const EXPANDED = /[%$]/;

/** Where temporary files go: the caller's choice, unless no socket could be made there, or its name could not be used as it is. */
export function temporaryRoot(chosen: string): string {
  return Buffer.byteLength(chosen) <= MAX_TMPDIR_BYTES && !EXPANDED.test(chosen) ? chosen : SHORT_TMPDIR;
}

/** The path as Ansible may be given it: itself, or a link to it in the private directory. */
export async function plainPath(directory: string, file: string, name: string): Promise<string> {
  if (!file.includes('$')) return file;
  const link = path.join(directory, name);
  await symlink(file, link);
  return link;
}

async function makeDirectory(chosen: string): Promise<string> {
  const root = temporaryRoot(chosen);
  return mkdtemp(path.join(root, 'lifecycle-')).catch((cause: unknown) => {
    throw new ProofgridError({
      code: 'TEMPORARY_DIRECTORY_UNUSABLE',
      fault: 'usage',
      what: root === chosen
        ? `no directory can be made in ${chosen}`
        : `TMPDIR ${chosen} leaves no room for sockets (${MAX_TMPDIR_BYTES} bytes, without % and $), and no directory can be made in ${root} either`,
      remedy: 'set TMPDIR to a short path that you may write to',
      cause,
    });
  });
}

export interface PrivateDirectory {
  readonly path: string;
  /** It may hold passwords. */
  readonly inventory: string;
  /** The objects of all manifests, Secrets too. */
  readonly manifests: string;
}

export interface PrivateContent {
  readonly cluster: ClusterDeployment;
  readonly connections: Connections;
  readonly objects: ManifestObjects;
  /** Relative paths of the inventory count from it. */
  readonly base: string;
}

/** A directory for what only this run may see. */
export async function makePrivateDirectory({ cluster, connections, objects, base }: PrivateContent): Promise<PrivateDirectory> {
  const directory = await makeDirectory(tmpdir());
  try {
    const inventory = path.join(directory, 'inventory.json');
    const manifests = path.join(directory, 'manifests.json');
    await writeFile(inventory, inventoryJson(cluster, await withPlainKeys(connections, directory, base)), { mode: 0o600 });
    await writeFile(manifests, JSON.stringify(objects), { mode: 0o600 });
    return { path: directory, inventory, manifests };
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

/** Ansible's ssh takes `%` in the path of a key for a token, Mitogen's does not, and both expand `$`: neither sees one. */
async function withPlainKeys(connections: Connections, directory: string, base: string): Promise<Connections> {
  const plain = Object.entries(connections).map(async ([name, variables], index) => {
    const key = variables.ansible_ssh_private_key_file;
    if (typeof key !== 'string' || !EXPANDED.test(key)) return [name, variables] as const;
    const link = path.join(directory, `key-${index}`);
    await symlink(path.resolve(base, key), link);
    return [name, { ...variables, ansible_ssh_private_key_file: link }] as const;
  });
  return Object.fromEntries(await Promise.all(plain));
}
