import { rename, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { stringify } from 'yaml';
import type { Machine } from '../provider/contract.ts';
import { shellJoin } from './quote.ts';
import { sshOptions } from './ssh-options.ts';

interface InventoryHost {
  readonly ansible_host: string;
  readonly ansible_port: number;
  readonly ansible_user: string;
  readonly ansible_ssh_private_key_file: string;
  readonly ansible_ssh_common_args: string;
}

/** Ansible's YAML inventory, as the lifecycle runner wants it: how to reach each machine, and no groups. */
export function inventoryDocument(machines: readonly Machine[]): { all: { hosts: Record<string, InventoryHost> } } {
  return { all: { hosts: Object.fromEntries(machines.map((machine) => [machine.name, inventoryHost(machine)])) } };
}

function inventoryHost(machine: Machine): InventoryHost {
  const absolute = {
    ...machine,
    identityFile: resolve(machine.identityFile),
    knownHostsFile: resolve(machine.knownHostsFile),
  };
  return {
    ansible_host: absolute.address,
    ansible_port: absolute.via?.port ?? absolute.port,
    ansible_user: absolute.user,
    ansible_ssh_private_key_file: absolute.identityFile,
    // Ansible splits this as a shell would.
    ansible_ssh_common_args: shellJoin(sshOptions(absolute)),
  };
}

/** Writes the inventory for its owner's eyes only, whole or not at all. */
export async function writeInventory(path: string, machines: readonly Machine[]): Promise<void> {
  const text = stringify(inventoryDocument(machines), { version: '1.1', lineWidth: 0 });
  const draft = `${path}.${process.pid}.tmp`;
  await writeFile(draft, text, { mode: 0o600 });
  await rename(draft, path);
}
