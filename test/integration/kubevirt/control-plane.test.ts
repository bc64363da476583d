import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiClient } from '../../kubevirt/api-client.ts';
import { startControlPlane, type ControlPlane } from '../../kubevirt/control-plane.ts';

let plane: ControlPlane;
let admin: ApiClient;

beforeAll(async () => {
  plane = await startControlPlane();
  admin = await ApiClient.connect(plane.kubeconfig);
});
afterAll(async () => {
  admin?.close();
  await plane?.stop();
});

test('a namespace comes and goes with what is in it', async () => {
  await admin.create('/api/v1/namespaces', { metadata: { name: 'here' } });
  await admin.create('/api/v1/namespaces/here/configmaps', { metadata: { name: 'inside' } });
  await admin.delete('/api/v1/namespaces/here');
  await expect.poll(async () => admin.find('/api/v1/namespaces/here'), { timeout: 60_000 }).toBeUndefined();
});

test('another user may do what RBAC says, and every request of theirs is in the audit log', async () => {
  const client = await ApiClient.connect(await plane.kubeconfigOf('somebody'));
  await expect(client.list('/api/v1/namespaces')).rejects.toMatchObject({ status: 403 });
  client.close();
});

test('the API server comes back with what it had', async () => {
  await admin.create('/api/v1/namespaces', { metadata: { name: 'stays' } });
  await plane.stopApiServer();
  await expect(admin.get('/api/v1/namespaces/stays')).rejects.toThrow();
  await plane.startApiServer();
  expect(await admin.get('/api/v1/namespaces/stays')).toMatchObject({ metadata: { name: 'stays' } });
});
