import type { ServerResponse } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { mirror, type MirrorOptions } from '../../../../../harness/provider/kubevirt/kube/mirror.ts';
import type { KubeObject } from '../../../../../harness/provider/kubevirt/objects.ts';
import { fakeApi, json, status } from './fake-api.ts';

const object = (name: string, resourceVersion: string) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, resourceVersion } });
const list = (resourceVersion: string, ...names: string[]) => ({ metadata: { resourceVersion }, items: names.map((name) => object(name, resourceVersion)) });
const line = (type: string, value: object) => `${JSON.stringify({ type, object: value })}\n`;

/** Milliseconds until something must have happened: it does at once, only a host that stands still takes longer. */
const SOON = { timeout: 60_000 };
/** Milliseconds. A test that writes to a watch must find it open, however long that takes. */
const NEVER_SILENT = 600_000;

interface Watch {
  readonly from: string;
  readonly response: ServerResponse;
}

/** Lists what `lists` says, one after the other, and leaves the watches to the test. */
async function watched(lists: object[], options: Partial<MirrorOptions> = {}) {
  const watches: Watch[] = [];
  const api = await fakeApi((request, response) => {
    const query = new URL(request.url ?? '', 'http://x').searchParams;
    if (query.get('watch') === null) return json(response, 200, (lists.length > 1 ? lists.shift() : lists[0]) ?? {});
    response.writeHead(200);
    response.flushHeaders();
    watches.push({ from: query.get('resourceVersion') ?? '', response });
  });
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const subject = mirror<KubeObject>(api.client, { kind: 'Pod', namespace: 'n' }, { signal: abort.signal, changed: () => undefined, silenceMs: NEVER_SILENT, ...options });
  await subject.synced;
  const names = () => subject.items.map(({ metadata }) => metadata.name).sort();
  const nth = async (number: number) => {
    await expect.poll(() => watches.length, SOON).toBeGreaterThanOrEqual(number);
    return watches[number - 1] as Watch;
  };
  return { ...api, subject, names, nth, watches, abort };
}

test('follows additions, changes and removals', async () => {
  const { names, nth } = await watched([list('5', 'a')]);
  const { response, from } = await nth(1);
  expect(from).toBe('5');
  response.write(line('ADDED', object('b', '6')) + line('DELETED', object('a', '7')));
  await expect.poll(names, SOON).toEqual(['b']);
});

test('after a reset it goes on from the last version, without a list', async () => {
  const { names, nth, requests } = await watched([list('5', 'a')]);
  const { response } = await nth(1);
  response.write(line('ADDED', object('b', '6')));
  await expect.poll(names, SOON).toEqual(['a', 'b']);
  response.socket?.resetAndDestroy();
  expect((await nth(2)).from).toBe('6');
  expect(requests.filter(({ url }) => !url.includes('watch=true'))).toHaveLength(1);
});

test('a bookmark moves the version on', async () => {
  const { nth } = await watched([list('5', 'a')]);
  const { response } = await nth(1);
  response.write(line('BOOKMARK', object('', '40')));
  response.end();
  expect((await nth(2)).from).toBe('40');
});

test('a silent connection is given up and replaced', async () => {
  const { nth, subject } = await watched([list('5', 'a')], { silenceMs: 300 });
  await nth(1);
  expect((await nth(2)).from).toBe('5');
  expect(subject.health.lastEnd).toMatch(/no byte|aborted/);
});

test('an expired version, as an event or as a status, means a new list', async () => {
  const { names, nth, subject } = await watched([list('5', 'a'), list('9', 'c')]);
  const { response } = await nth(1);
  response.write(line('ERROR', status(410, 'too old resource version', 'Expired')));
  expect((await nth(2)).from).toBe('9');
  expect(names()).toEqual(['c']);
  expect(subject.health.lists).toBe(2);
});

test('a server that goes away and comes back is found again', async () => {
  const { nth, names, stop, start } = await watched([list('5', 'a')]);
  await nth(1);
  await stop();
  await new Promise((resolve) => setTimeout(resolve, 300));
  await start();
  const { response } = await nth(2);
  response.write(line('ADDED', object('b', '6')));
  await expect.poll(names, SOON).toEqual(['a', 'b']);
});

test('a line that was cut off is no event', async () => {
  const { names, nth } = await watched([list('5', 'a')]);
  const { response } = await nth(1);
  response.end(line('ADDED', object('b', '6')).slice(0, 20));
  await nth(2);
  expect(names()).toEqual(['a']);
});

test('a resource that does not exist is an empty list', async () => {
  const { client } = await fakeApi((_request, response) => json(response, 404, status(404, 'the server could not find the requested resource')));
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const subject = mirror(client, { kind: 'DataVolume', namespace: 'n' }, { signal: abort.signal, changed: () => undefined });
  await subject.synced;
  expect(subject.items).toEqual([]);
});
