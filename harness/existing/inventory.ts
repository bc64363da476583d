import { execa } from 'execa';
import { z } from 'zod';
import { DocumentError, readDocument } from '../../lifecycle/document.ts';
import type { ProofgridError } from '../../lifecycle/error.ts';
import type { Machine } from '../provider/contract.ts';

const hostSchema = z.looseObject({
  ansible_host: z.string().optional(),
  ansible_port: z.int().min(1).max(65_535).optional(),
  ansible_user: z.string().optional(),
  ansible_ssh_private_key_file: z.string().optional(),
  ansible_ssh_common_args: z.string().optional(),
});

/** Ansible's YAML inventory as the lifecycle runner takes it, read for how to log in. */
const inventorySchema = z.looseObject({ all: z.looseObject({ hosts: z.record(z.string(), hostSchema.nullable()) }) });

/** The machines of an inventory, with the options that it gives ssh. Rejects with a `DocumentError`. */
export async function readMachines(file: string): Promise<Machine[]> {
  const { value, problem } = await readDocument(file, inventorySchema);
  const problems: ProofgridError[] = [];
  const machines: Machine[] = [];
  for (const [name, host] of Object.entries(value.all.hosts)) {
    const { ansible_host: address = name, ansible_port: port = 22, ansible_user: user = 'root', ansible_ssh_private_key_file: key = '', ansible_ssh_common_args: args = '' } = host ?? {};
    const options = await wordsOf(args);
    if (options === undefined) problems.push(problem(['all', 'hosts', name, 'ansible_ssh_common_args'], 'INVENTORY_WORDS', 'these are no words of a shell', 'close every quote'));
    else machines.push({ name, address, port, user, identityFile: key, knownHostsFile: '', options });
  }
  const [first, ...others] = problems;
  if (first !== undefined) throw new DocumentError([first, ...others]);
  return machines;
}

const SPLIT = 'import json, shlex, sys; print(json.dumps(shlex.split(sys.stdin.read())))';

/** Split as Ansible splits them, by Python's own shlex; undefined for what that refuses. */
async function wordsOf(text: string): Promise<string[] | undefined> {
  if (text === '') return [];
  const { exitCode, stdout } = await execa('python3', ['-I', '-c', SPLIT], { input: text, reject: false });
  return exitCode === 0 ? (JSON.parse(stdout) as string[]) : undefined;
}
