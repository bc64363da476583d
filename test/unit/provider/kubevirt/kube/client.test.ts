import { expect, test } from 'vitest';
import { hasStatus, KubeError } from '../../../../../harness/provider/kubevirt/kube/error.ts';
import { fakeApi, json, status } from './fake-api.ts';

const pod = { metadata: { name: 'p' } };
const place = { kind: 'Pod', namespace: 'n', name: 'p' } as const;
const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'n' } };

test('reads survive a reset, a silence, 429, 500 and 503', async () => {
  const { client, requests } = await fakeApi((request, response, attempt) => {
    if (attempt === 1) return void request.socket.destroy();
    if (attempt === 2) return; // says nothing
    if (attempt === 3) return json(response, 429, status(429, 'slow down'), { 'retry-after': '0' });
    if (attempt === 4) return json(response, 500, status(500, 'etcdserver: leader changed'));
    if (attempt === 5) return void response.writeHead(503).end('no backend');
    json(response, 200, pod, { date: 'Mon, 23 Nov 2026 10:00:00 GMT' });
    // only the second attempt may ever be silent for so long
  }, { silenceMs: 3000 });
  const answer = await client.get(place);
  expect(answer).toEqual({ object: pod, date: new Date('2026-11-23T10:00:00Z') });
  expect(requests).toHaveLength(6);
  expect(client.requests).toBe(6);
});

test('an answer that breaks off in the middle is asked for again', async () => {
  const { client, requests } = await fakeApi((_request, response, attempt) => {
    if (attempt > 1) return json(response, 200, pod);
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"metadata"', () => response.destroy());
  });
  expect((await client.get(place))?.object).toEqual(pod);
  expect(requests).toHaveLength(2);
});

test('a creation that may have happened is not repeated', async () => {
  const { client, requests } = await fakeApi((request) => void request.socket.destroy());
  await expect(client.create(object)).rejects.toThrow('KUBE_UNREACHABLE');
  expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual(['POST /api/v1/namespaces/n/secrets?fieldManager=proofgrid']);
});

test('an idle connection is closed by us, before the server does so under a creation', async () => {
  const { client, server } = await fakeApi((_request, response) => json(response, 201, object), { idleMs: 200 });
  server.keepAliveTimeout = 60_000;
  const connections = async () => new Promise<number>((resolve, reject) => server.getConnections((error, count) => (error ? reject(error) : resolve(count))));
  await client.create(object);
  await expect.poll(connections, { timeout: 30_000 }).toBe(0);
  expect((await client.create(object)).object).toEqual(object);
});

test('a server that restarts is waited for, by creations, too', async () => {
  const api = await fakeApi((_request, response) => json(response, 201, object));
  await api.stop();
  const created = api.client.create(object);
  await new Promise((resolve) => setTimeout(resolve, 600));
  await api.start();
  expect((await created).object).toEqual(object);
  expect(api.requests).toHaveLength(1);
});

test('no answer for too long is an infrastructure error that names the request', async () => {
  const api = await fakeApi(() => undefined, { retryLimitMs: 300, silenceMs: 100 });
  const error = (await api.client.get(place).catch((reason: unknown) => reason)) as KubeError;
  expect(error).toMatchObject({ code: 'KUBE_UNREACHABLE', fault: 'infrastructure' });
  expect(error.message).toContain('GET /api/v1/namespaces/n/pods/p: no byte within 0.1 s');
  expect(error.message).not.toContain('secret-token');
});

test('what an admission webhook refuses is told in its words, and not called a matter of luck', async () => {
  const refusal = 'admission webhook "virtualmachine-validator.kubevirt.io" denied the request: Bridge on pod network configuration is not enabled under kubevirt-config';
  const { client, requests } = await fakeApi((_request, response) => json(response, 422, status(422, refusal)));
  const error = (await client.apply(object).catch((reason: unknown) => reason)) as KubeError;
  expect(error.message).toContain(`HTTP 422: ${refusal}; change what it names: in the templates, in the site, or in the configuration of the cluster [KUBE_REFUSED]`);
  expect(requests).toHaveLength(1);
});

test('applies with one field manager; merges name what must exist', async () => {
  const { client, requests } = await fakeApi((request, response) => (request.method === 'PATCH' && request.url?.includes('gone') === true ? json(response, 404, status(404, 'gone')) : json(response, 200, object)));
  await client.apply(object);
  expect(await client.merge({ kind: 'Namespace', name: 'gone' }, { a: 1 })).toBeUndefined();
  await client.remove({ kind: 'Namespace', name: 'x' }, { uid: 'u', resourceVersion: '7' });
  expect(requests.map(({ method, url, type }) => [method, url, type])).toEqual([
    ['PATCH', '/api/v1/namespaces/n/secrets/s?fieldManager=proofgrid&force=true', 'application/apply-patch+yaml'],
    ['PATCH', '/api/v1/namespaces/gone?fieldManager=proofgrid', 'application/merge-patch+json'],
    ['DELETE', '/api/v1/namespaces/x', 'application/json'],
  ]);
  expect(JSON.parse(requests[2]?.text ?? '')).toMatchObject({ propagationPolicy: 'Background', preconditions: { uid: 'u', resourceVersion: '7' } });
});

test('lists come in pages, and start again when one became too old', async () => {
  const { client, requests } = await fakeApi((request, response, attempt) => {
    const token = new URL(request.url ?? '', 'http://x').searchParams.get('continue');
    if (token === null) return json(response, 200, { metadata: { resourceVersion: String(attempt), continue: 'next' }, items: [{ n: attempt }] });
    if (attempt === 2) return json(response, 410, status(410, 'too old', 'Expired'));
    json(response, 200, { metadata: { resourceVersion: '9' }, items: [{ n: attempt }] });
  });
  const listed = await client.list({ kind: 'Pod', namespace: 'n' }, { labelSelector: 'a=b,c' });
  expect(listed).toMatchObject({ items: [{ n: 3 }, { n: 4 }], resourceVersion: '9' });
  expect(requests[0]?.url).toBe('/api/v1/namespaces/n/pods?limit=250&labelSelector=a=b,c');
});

test('what is forbidden says whose role lacks it', async () => {
  const { client } = await fakeApi((_request, response) => json(response, 403, status(403, 'pods is forbidden: User "x" cannot list')));
  const error: unknown = await client.list({ kind: 'Pod' }).catch((reason: unknown) => reason);
  expect(hasStatus(error, 403)).toBe(true);
  expect((error as Error).message).toMatch(/cannot list; apply the role of deploy\/.* \[KUBE_FORBIDDEN\]/);
});

test('an aborted request ends at once, with the reason', async () => {
  const { client } = await fakeApi(() => undefined, { silenceMs: 10_000 });
  const abort = new AbortController();
  setTimeout(() => abort.abort(new Error('enough')), 50);
  await expect(client.get(place, abort.signal)).rejects.toThrow('enough');
});
