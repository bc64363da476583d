import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeSources, findReachable, registriesOf, type ReleaseSource } from '../../../harness/doctor/sources.ts';

const STATUS: Readonly<Record<string, number>> = { '/refused': 403, '/login': 401 };
const server = createServer(({ url: asked = '' }, response) => response.writeHead(STATUS[asked] ?? 200).end());
let url: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const { signal } = new AbortController();
const source = (name: ReleaseSource['name'], path: string): ReleaseSource => ({ name, title: `the site of ${name}`, url: path.startsWith('http') ? path : `${url}${path}` });

test('a download site that answers is recommended', async () => {
  expect(describeSources(await findReachable([source('go-module', '/a'), source('upstream', '/b')], signal))).toEqual([
    'source go-module: the site of go-module can be reached',
    'source upstream: the site of upstream can be reached',
    'recommended: --source upstream, which downloads releases instead of building them',
  ]);
});

test('one that refuses, or is not there, is said to be so, and the other recommended', async () => {
  expect(describeSources(await findReachable([source('go-module', '/a'), source('upstream', '/refused')], signal))).toEqual([
    'source go-module: the site of go-module can be reached',
    'source upstream: the site of upstream cannot be reached (answers 403)',
    'recommended: --source go-module, which builds releases here, once',
  ]);
  const [gone] = await findReachable([source('upstream', 'http://127.0.0.1:9/x')], signal);
  expect(gone).toMatchObject({ reachable: false });
  expect(describeSources(gone === undefined ? [] : [gone]).at(-1)).toBe('without a source only what is in the artifact cache can run');
});

test('upstream is recommended where the registries of its images answer, with a login or without', async () => {
  const all = [source('go-module', '/a'), source('upstream', '/b'), source('registry', '/login')];
  expect(describeSources(await findReachable(all, signal)).slice(-2)).toEqual([
    'images of upstream: the site of registry can be reached',
    'recommended: --source upstream, which downloads releases instead of building them',
  ]);
  const refused = [source('upstream', '/b'), source('registry', '/refused')];
  expect(describeSources(await findReachable([source('go-module', '/a'), ...refused], signal)).slice(-2)).toEqual([
    'images of upstream: the site of registry cannot be reached (answers 403)',
    'recommended: --source go-module, which builds releases here, once',
  ]);
  expect(describeSources(await findReachable(refused, signal)).at(-1))
    .toMatch(/^recommended: --source upstream, once images\.registries /);
  expect(await findReachable([source('upstream', '/login')], signal)).toMatchObject([{ reachable: false, reason: 'answers 401' }]);
});

test('each registry is asked once, and that of docker.io where it answers', () => {
  const images = ['https://ghcr.io/a/b', 'https://ghcr.io/a/c', 'https://docker.io/a/b', 'http://127.0.0.1:5000/k8s/pause'];
  expect(registriesOf(images)).toEqual([
    { name: 'registry', title: 'the registry 127.0.0.1:5000', url: 'http://127.0.0.1:5000/v2/' },
    { name: 'registry', title: 'the registry ghcr.io', url: 'https://ghcr.io/v2/' },
    { name: 'registry', title: 'the registry registry-1.docker.io', url: 'https://registry-1.docker.io/v2/' },
  ]);
});
