import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { inventoryDocument, writeInventory } from '../../../harness/machine/inventory.ts';

const directory = mkdtempSync(join(tmpdir(), 'inventory-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const machine = {
  name: 'off',
  address: '10.213.4.10',
  port: 22,
  user: 'root',
  identityFile: '/runs/it\'s here/id_ed25519',
  knownHostsFile: '/runs/it\'s here/known_hosts',
};

test('every machine is a host of all, with absolute paths', () => {
  const { hosts } = inventoryDocument([{ ...machine, identityFile: 'a%2Fb/id', knownHostsFile: 'known' }]).all;
  expect(hosts['off']).toMatchObject({ ansible_host: '10.213.4.10', ansible_port: 22, ansible_user: 'root' });
  expect(hosts['off']?.ansible_ssh_private_key_file).toBe(join(process.cwd(), 'a%2Fb/id'));
  expect(hosts['off']?.ansible_ssh_common_args).toContain(join(process.cwd(), 'known'));
});

test('the file is private, and YAML 1.1 reads it back as it was', async () => {
  const path = join(directory, 'inventory.yaml');
  await writeInventory(path, [machine]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const text = readFileSync(path, 'utf8');
  expect(parse(text, { version: '1.1' })).toEqual(inventoryDocument([machine]));
  // `off` alone would be a boolean to Ansible.
  expect(text).toMatch(/"off":/);
});
