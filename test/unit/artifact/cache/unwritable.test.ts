import { expect, test } from 'vitest';
import { Store } from '../../../../harness/artifact/cache/store.ts';
import type { Recipe } from '../../../../harness/artifact/recipe.ts';

const recipe = { kind: 'test', name: 'a thing', version: 1, inputs: {}, estimateMs: 1, limitMs: 1000, build: async () => ({}) } as unknown as Recipe;

test.each(['/proc/cache', '/dev/null/cache'])('a cache at %s, as a read-only HOME gives one, is one clear error', async (directory) => {
  const progress = { signal: new AbortController().signal, report: () => undefined };
  await expect(new Store(directory).obtain(recipe, progress)).rejects.toMatchObject({
    code: 'CACHE_NOT_WRITABLE',
    fault: 'infrastructure',
    message: expect.stringMatching(new RegExp(`^the cache ${directory} cannot be written: E\\w+: .*; set PROOFGRID_CACHE to a directory that this user may write`)) as string,
  });
});
