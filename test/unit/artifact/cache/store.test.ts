import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile, chmod, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Store } from '../../../../harness/artifact/cache/store.ts';
import type { BuildSite, Recipe } from '../../../../harness/artifact/recipe.ts';
import type { Progress } from '../../../../harness/provider/contract.ts';

/** Milliseconds: locks are processes, which start late on a busy host. */
const SOON = { timeout: 60_000 };

let directory: string;
let said: string[];
let progress: Progress;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'proofgrid-store-'));
  said = [];
  progress = { signal: new AbortController().signal, report: (message) => said.push(message) };
});
afterEach(() => rm(directory, { recursive: true }));

const write = async ({ output }: BuildSite) => {
  await mkdir(join(output, 'sub'));
  await writeFile(join(output, 'tool'), 'content', { mode: 0o755 });
  await writeFile(join(output, 'sub/data'), '');
  return { version: '1' };
};

function recipe(build: (site: BuildSite) => Promise<Record<string, string>> = write, more: Partial<Recipe> = {}): Recipe & { runs: () => number } {
  let runs = 0;
  return {
    kind: 'test', name: 'a thing', version: 1, inputs: { a: 1 }, estimateMs: 90_000, limitMs: 100_000,
    build: (site) => ((runs += 1), build(site)),
    runs: () => runs,
    ...more,
  };
}

test('an entry is built once, read-only, with checksums and facts', async () => {
  const store = new Store(directory);
  const thing = recipe();
  const entry = await store.obtain(thing, progress);
  expect(entry.facts).toEqual({ version: '1' });
  expect(entry.sha256['tool']).toBe('ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73');
  expect(Object.keys(entry.sha256)).toEqual(['sub/data', 'tool']);
  expect((await stat(join(entry.directory, 'tool'))).mode & 0o777).toBe(0o555);
  expect((await stat(join(entry.directory, 'sub/data'))).mode & 0o777).toBe(0o444);
  expect(await store.obtain(thing, progress)).toEqual(entry);
  expect(thing.runs()).toBe(1);
  expect(await readdir(join(directory, 'building'))).toEqual([]);
});

test('the key covers kind, version and inputs, whatever the order of the inputs', () => {
  const store = new Store(directory);
  const key = (more: Partial<Recipe>) => store.keyOf(recipe(write, more));
  expect(key({ inputs: { a: 1, b: ['x'] } })).toBe(key({ inputs: { b: ['x'], a: 1 } }));
  const others = [key({}), key({ inputs: { a: 2 } }), key({ version: 2 }), key({ kind: 'other' }), key({ inputs: { a: '1' } })];
  expect(new Set(others).size).toBe(others.length);
});

test('a first build is measured against the recipe, a second against the first', async () => {
  const store = new Store(directory);
  await store.obtain(recipe(), progress);
  expect(said[0]).toBe('building a thing: 0:00 of about 1:30');
  await rm(join(directory, 'entries'), { recursive: true });
  said.length = 0;
  await store.obtain(recipe(), progress);
  // however long it took: under a minute is not what the recipe says
  expect(said[0]).toMatch(/^building a thing: 0:00 of about 0:\d\d$/);
});

test.each([
  ['a file is gone', (files: string) => rm(join(files, 'tool'))],
  ['a file is shorter', (files: string) => writeFile(join(files, 'tool'), 'c')],
  ['a file was touched', (files: string) => utimes(join(files, 'tool'), new Date(0), new Date(0))],
  ['the manifest is cut off', (files: string) => writeFile(join(files, '../manifest.json'), '{"version":1,')],
])('a damaged entry is rebuilt: %s', async (_name, damage) => {
  const store = new Store(directory);
  const thing = recipe();
  const { directory: files } = await store.obtain(thing, progress);
  await chmod(join(files, 'tool'), 0o755);
  await damage(files);
  expect(await store.find(thing)).toBeUndefined();
  const again = await store.obtain(thing, progress);
  expect(thing.runs()).toBe(2);
  expect(await readFile(join(again.directory, 'tool'), 'utf8')).toBe('content');
});

test('full verification sees content that size and time do not show', async () => {
  const store = new Store(directory);
  const thing = recipe();
  const { directory: files } = await store.obtain(thing, progress);
  const { atime, mtime } = await stat(join(files, 'tool'));
  await chmod(join(files, 'tool'), 0o755);
  await writeFile(join(files, 'tool'), 'CONTENT');
  await utimes(join(files, 'tool'), atime, mtime);
  expect(await store.find(thing)).toBeDefined();
  expect(await store.find(thing, { full: true })).toBeUndefined();
});

/** Changes the entry's content and nothing that size or time would show. */
const PLANTED: readonly (readonly [string, (files: string) => Promise<void>])[] = [
  ['a byte was flipped', async (files) => {
    const { atime, mtime } = await stat(join(files, 'tool'));
    await chmod(join(files, 'tool'), 0o755);
    await writeFile(join(files, 'tool'), 'cOntent');
    await utimes(join(files, 'tool'), atime, mtime);
  }],
  ['a file was added', (files) => writeFile(join(files, 'sub/more'), '#!/bin/sh')],
  ['a link was added', (files) => symlink('/etc/passwd', join(files, 'link'))],
];

test.each(PLANTED)('where content is verified, an entry is made again and that is said: %s', async (_name, plant) => {
  const thing = recipe();
  const { directory: files } = await new Store(directory).obtain(thing, progress);
  await plant(files);
  await new Store(directory, {}).obtain(thing, progress);
  expect(thing.runs(), 'sizes and times do not show it').toBe(1);
  said.length = 0;
  const again = await new Store(directory, { PROOFGRID_CACHE_CHECK: 'content' }).obtain(thing, progress);
  expect(thing.runs()).toBe(2);
  expect(await readFile(join(again.directory, 'tool'), 'utf8')).toBe('content');
  expect((await readdir(again.directory)).sort()).toEqual(['sub', 'tool']);
  expect(said.slice(0, 2)).toEqual(['verifying a thing', 'a thing in the cache is not what was put there: it is made again']);
});

test('where content is verified, an entry is read once for all that ask', async () => {
  const thing = recipe();
  await new Store(directory, {}).obtain(thing, progress);
  said.length = 0;
  const store = new Store(directory, { PROOFGRID_CACHE_CHECK: 'content' });
  await Promise.all([1, 2, 3].map(() => store.obtain(thing, progress)));
  await store.obtain(thing, progress);
  expect(said).toEqual(['verifying a thing']);
  expect(thing.runs()).toBe(1);
});

test('how entries are verified is a word that is known, or nothing is used', async () => {
  for (const check of ['', 'size']) await new Store(directory, { PROOFGRID_CACHE_CHECK: check }).obtain(recipe(), progress);
  expect(said).not.toContain('verifying a thing');
  const store = new Store(directory, { PROOFGRID_CACHE_CHECK: 'Content' });
  await expect(store.obtain(recipe(), progress)).rejects.toMatchObject({ code: 'CACHE_CHECK_UNKNOWN', fault: 'usage', message: expect.stringContaining('"Content"') as string });
});

test('a failed build leaves nothing, says why, and the next one starts anew', async () => {
  const store = new Store(directory);
  let fail = true;
  const thing = recipe(async (site) => {
    await writeFile(join(site.output, 'half'), '');
    if (fail) throw new Error('no space left');
    return {};
  });
  await expect(store.obtain(thing, progress)).rejects.toMatchObject({ code: 'ARTIFACT_BUILD_FAILED', fault: 'infrastructure', message: expect.stringContaining('cannot build a thing: no space left') as string });
  expect(await readdir(join(directory, 'entries'))).toEqual([]);
  expect(await readdir(join(directory, 'building'))).toEqual([]);
  fail = false;
  expect((await store.obtain(thing, progress)).sha256).toHaveProperty('half');
});

test('an aborted build is interrupted, one over its limit timed out', async () => {
  const store = new Store(directory);
  const stuck = (site: BuildSite) => new Promise<never>((_resolve, reject) => site.signal.addEventListener('abort', () => reject(site.signal.reason as Error)));
  const abort = new AbortController();
  const pending = store.obtain(recipe((site) => (queueMicrotask(() => abort.abort()), stuck(site))), { ...progress, signal: abort.signal });
  await expect(pending).rejects.toMatchObject({ code: 'ARTIFACT_INTERRUPTED', fault: 'interrupted' });
  await expect(store.obtain(recipe(stuck, { limitMs: 50 }), progress)).rejects.toMatchObject({ code: 'ARTIFACT_TIMED_OUT', fault: 'timed-out' });
  expect(await readdir(join(directory, 'building'))).toEqual([]);
});

test('of several that ask at once one builds, and who waits says so', async () => {
  const store = new Store(directory);
  let release = () => {};
  const gate = new Promise<void>((resolve) => (release = resolve));
  const thing = recipe(async (site) => (await gate, write(site)));
  const asked = [1, 2, 3].map(() => store.obtain(thing, progress));
  await expect.poll(() => said.filter((line) => line === 'waiting for another run that builds a thing: 0:00').length, SOON).toBe(2);
  release();
  const entries = await Promise.all(asked);
  expect(thing.runs()).toBe(1);
  expect(new Set(entries.map(({ key }) => key)).size).toBe(1);
});

test('who waits can be interrupted without disturbing who builds', async () => {
  const store = new Store(directory);
  let release = () => {};
  const gate = new Promise<void>((resolve) => (release = resolve));
  const thing = recipe(async (site) => (await gate, write(site)));
  const building = store.obtain(thing, progress);
  await expect.poll(thing.runs, SOON).toBe(1);
  const abort = new AbortController();
  const waiting = store.obtain(thing, { signal: abort.signal, report: () => abort.abort() });
  await expect(waiting).rejects.toMatchObject({ fault: 'interrupted' });
  release();
  expect((await building).facts).toEqual({ version: '1' });
});

test('what dead builds left is swept, what live ones do is not', async () => {
  const store = new Store(directory);
  await mkdir(join(directory, 'building/0123.99999.1/scratch'), { recursive: true });
  let release = () => {};
  const gate = new Promise<void>((resolve) => (release = resolve));
  const slow = recipe(async (site) => (await gate, write(site)), { name: 'slow', inputs: 'slow' });
  const live = store.obtain(slow, progress);
  await expect.poll(slow.runs, SOON).toBe(1);
  await store.obtain(recipe(), progress);
  expect((await readdir(join(directory, 'building'))).map((name) => name.split('.')[0])).toEqual([store.keyOf(slow)]);
  release();
  await live;
});
