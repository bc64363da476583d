import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readMachines } from '../../../harness/existing/inventory.ts';
import { writeInventory } from '../../../harness/machine/inventory.ts';
import { sshArguments } from '../../../harness/machine/ssh.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'proofgrid-inventory-'));
});
afterAll(async () => rm(directory, { recursive: true }));

const written = async (text: string) => {
  const file = path.join(directory, 'inventory.yaml');
  await writeFile(file, text);
  return file;
};

test('machines of an inventory that we wrote are reached as before, whatever their paths hold', async () => {
  const file = path.join(directory, 'ours.yaml');
  const machine = { name: 'm1', address: '10.0.0.1', port: 2222, user: 'root', identityFile: '/tmp/a b%20"/key', knownHostsFile: '/tmp/a b%20"/hosts', via: { address: '127.0.0.1', port: 30_022 } };
  await writeInventory(file, [machine]);
  const [read] = await readMachines(file);
  expect(read === undefined ? [] : sshArguments(read)).toEqual(sshArguments(machine));
});

test('what an inventory leaves out is what Ansible takes', async () => {
  expect(await readMachines(await written('all: {hosts: {node-1: }}'))).toEqual([{ name: 'node-1', address: 'node-1', port: 22, user: 'root', identityFile: '', knownHostsFile: '', options: [] }]);
});

test('words that no shell takes are refused at their place', async () => {
  const file = await written('all:\n  hosts:\n    node-1:\n      ansible_ssh_common_args: -o "Port\n');
  await expect(readMachines(file)).rejects.toMatchObject({ code: 'INVENTORY_WORDS', where: { line: 4 } });
});
