import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeSources, findReachable, type ReleaseSource } from '../../../harness/doctor/sources.ts';

const server = createServer((request, response) => response.writeHead(request.url === '/refused' ? 403 : 200).end());
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
