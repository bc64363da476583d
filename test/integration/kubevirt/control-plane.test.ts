import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ApiClient } from '../../kubevirt/api-client.ts';
import { startControlPlane, type ControlPlane } from '../../kubevirt/control-plane.ts';
import { ownedDirectory } from '../../kubevirt/owned-directory.ts';
import { audited, LIMIT } from './cluster.ts';
import { scratch } from './fixture.ts';

let plane: ControlPlane;
let admin: ApiClient;
/** Whoever else starts a control plane on this host would remove what is left here. */
const temporary = scratch();

beforeAll(async () => {
  vi.stubEnv('TMPDIR', temporary.directory);
  plane = await startControlPlane();
  admin = await ApiClient.connect(plane.kubeconfig);
});
afterAll(async () => {
  admin?.close();
  await plane?.stop();
  vi.unstubAllEnvs();
  temporary.remove();
});

test('a namespace comes and goes with what is in it', async () => {
  await admin.create('/api/v1/namespaces', { metadata: { name: 'here' } });
  await admin.create('/api/v1/namespaces/here/configmaps', { metadata: { name: 'inside' } });
  await admin.delete('/api/v1/namespaces/here');
  await expect.poll(async () => admin.find('/api/v1/namespaces/here'), LIMIT).toBeUndefined();
});

test('another user may do what RBAC says, and every request of theirs is in the audit log', async () => {
  const client = await ApiClient.connect(await plane.kubeconfigOf('somebody'));
  await expect(client.list('/api/v1/namespaces')).rejects.toMatchObject({ status: 403 });
  client.close();
  await expect.poll(async () => audited(plane), LIMIT).toContainEqual(expect.objectContaining({ user: expect.objectContaining({ username: 'somebody' }) as object, verb: 'list', responseStatus: expect.objectContaining({ code: 403 }) as object }));
});

test('the API server comes back with what it had', async () => {
  await admin.create('/api/v1/namespaces', { metadata: { name: 'stays' } });
  await plane.stopApiServer();
  await expect(admin.get('/api/v1/namespaces/stays')).rejects.toThrow();
  await plane.startApiServer();
  expect(await admin.get('/api/v1/namespaces/stays')).toMatchObject({ metadata: { name: 'stays' } });
});

test.each(['is killed', 'loses its runner'])('a process that %s leaves no server, and its directory goes with the next start', async (end) => {
  const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const owner = fork(file('control-plane-process.ts'), { execArgv: ['--import', file('../provider/typescript-loader.mjs')] });
  const [directory] = (await once(owner, 'message')) as [string];
  const servers = async () => (await execa('ps', ['-eo', 'args'])).stdout.split('\n').filter((line) => line.includes(directory)).length;
  expect(await servers()).toBeGreaterThanOrEqual(3);
  const exit = once(owner, 'exit');
  if (end === 'is killed') owner.kill('SIGKILL');
  else owner.disconnect();
  await exit;
  await expect.poll(servers, LIMIT).toBe(0);
  expect(existsSync(directory)).toBe(true);
  await rm(await ownedDirectory('proofgrid-control-plane-'), { recursive: true });
  expect(existsSync(directory)).toBe(false);
  expect(existsSync(plane.directory), 'that of a living one stays').toBe(true);
});
