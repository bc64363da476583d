import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acquireLock } from '../../../../harness/artifact/cache/lock.ts';
import { pruneEntries } from '../../../../harness/artifact/cache/prune.ts';
import { Store } from '../../../../harness/artifact/cache/store.ts';
import type { Entry, Recipe } from '../../../../harness/artifact/recipe.ts';

const DAY = 86_400_000;
const before = new Date(Date.now() - DAY);
/** Whole seconds: every file system keeps those. */
const long = new Date(Math.floor(Date.now() / 1000) * 1000 - 100 * DAY);
const signal = new AbortController().signal;

let directory: string;
let store: Store;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'proofgrid-prune-'));
  store = new Store(directory);
});
afterEach(() => rm(directory, { recursive: true }));

const recipe = (name: string): Recipe => ({
  kind: 'test', name, version: 1, inputs: { name }, estimateMs: 1, limitMs: 100_000,
  build: async ({ output }) => {
    await writeFile(join(output, 'file'), name);
    return {};
  },
});
const obtain = (name: string) => store.obtain(recipe(name), { signal, report: () => undefined });
const unused = async ({ directory: files }: Entry) => {
  await utimes(join(files, '..', 'manifest.json'), long, long);
};
const prune = (dryRun = false, mounted: string[] = []) => pruneEntries({ directory, before, dryRun }, mounted);
const kept = async () => (await readdir(join(directory, 'entries'))).length;

test('what nobody has used for long goes, the rest stays', async () => {
  await unused(await obtain('old'));
  await obtain('new');
  expect(await prune(true)).toEqual([{ name: 'old', lastUsed: long }]);
  expect(await kept()).toBe(2);
  expect(await prune()).toEqual([{ name: 'old', lastUsed: long }]);
  expect(await store.find(recipe('old'))).toBeUndefined();
  expect(await store.find(recipe('new'))).toBeDefined();
  expect(await readdir(join(directory, 'building'))).toEqual([]);
});

test('an entry that is used is used from then on', async () => {
  const entry = await obtain('thing');
  await unused(entry);
  await obtain('thing');
  expect((await stat(join(entry.directory, '..', 'manifest.json'))).mtime > before).toBe(true);
  expect(await prune()).toEqual([]);
});

test('what somebody builds again, and what a machine has mounted, stays', async () => {
  const [locked, mounted] = [await obtain('locked'), await obtain('mounted')];
  await unused(locked);
  await unused(mounted);
  const lock = await acquireLock(join(directory, 'locks', `${locked.key}.lock`), signal);
  try {
    expect(await prune(false, [mounted.directory])).toEqual([]);
  } finally {
    await lock.release();
  }
  expect(await prune(false, [mounted.directory])).toEqual([{ name: 'locked', lastUsed: long }]);
});

test('a cache that does not exist has nothing to remove', async () => {
  expect(await pruneEntries({ directory: join(directory, 'nowhere'), before, dryRun: false }, [])).toEqual([]);
});
