import { mkdtemp, readFile, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { clusterDeploymentSchema } from '../../../lifecycle/cluster-deployment.ts';
import { makePrivateDirectory, temporaryRoot } from '../../../lifecycle/private-directory.ts';
import { CLUSTERS } from '../../every-field.ts';

const cluster = clusterDeploymentSchema.parse(CLUSTERS[1]);
const objects = { network: [], addOns: [{ kind: 'Secret' }] };

async function made(connections: Parameters<typeof makePrivateDirectory>[0]['connections']) {
  const directory = await makePrivateDirectory({ cluster, connections, objects, base: '/playbooks' });
  onTestFinished(() => rm(directory.path, { recursive: true, force: true }));
  const inventory = JSON.parse(await readFile(directory.inventory, 'utf8')) as { all: { hosts: Record<string, Record<string, unknown>> } };
  return { ...directory, hosts: inventory.all.hosts };
}

test('what may hold secrets is for its owner alone', async () => {
  const { path: directory, inventory, manifests } = await made({});
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  for (const file of [inventory, manifests]) expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(JSON.parse(await readFile(manifests, 'utf8'))).toEqual(objects);
});

test('values stay as they are, and a template becomes the template of itself', async () => {
  const { hosts } = await made({ one: { ansible_user: 'root', ansible_port: 22, ansible_become: true, ansible_password: 'a{{b' } });
  expect(hosts).toEqual({ one: { ansible_user: 'root', ansible_port: 22, ansible_become: true, ansible_password: "{{ 'YXt7Yg==' | b64decode }}" }, two: {} });
});

test('a percent sign in the path of a key is kept from ssh, which starts a token with it', async () => {
  const { path: directory, hosts } = await made({ one: { ansible_ssh_private_key_file: '/runs/feature%2Fx/id' }, two: { ansible_ssh_private_key_file: 'keys/50%/id' } });
  const keys = ['one', 'two'].map((name) => String(hosts[name]?.ansible_ssh_private_key_file));
  expect(keys).toEqual([path.join(directory, 'key-0'), path.join(directory, 'key-1')]);
  expect(await Promise.all(keys.map((key) => readlink(key)))).toEqual(['/runs/feature%2Fx/id', '/playbooks/keys/50%/id']);
});

test.each([
  ['/tmp', '/tmp'],
  [`/${'a'.repeat(49)}`, `/${'a'.repeat(49)}`],
  [`/${'a'.repeat(50)}`, '/tmp'],
  [`/${'ä'.repeat(25)}`, '/tmp'],
  ['/tmp/50%', '/tmp'],
  ['/tmp/$HOME', '/tmp'],
])('temporary files of TMPDIR %s go below %s, where sockets can be made', (chosen, expected) => {
  expect(temporaryRoot(chosen)).toBe(expected);
});

test('a long TMPDIR makes no long socket', async () => {
  const long = await mkdtemp(path.join(tmpdir(), 'a'.repeat(70)));
  onTestFinished(() => rm(long, { recursive: true }));
  vi.stubEnv('TMPDIR', long);
  onTestFinished(() => void vi.unstubAllEnvs());
  expect((await made({})).path).toMatch(/^\/tmp\/lifecycle-/);
});
