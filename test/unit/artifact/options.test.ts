import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultCacheDirectory } from '../../../harness/artifact/options.ts';

test.each([
  [{ PROOFGRID_CACHE: '/a', XDG_CACHE_HOME: '/b' }, '/a'],
  [{ XDG_CACHE_HOME: '/b' }, '/b/proofgrid'],
  [{}, join(homedir(), '.cache/proofgrid')],
  [{ PROOFGRID_CACHE: '', XDG_CACHE_HOME: '' }, join(homedir(), '.cache/proofgrid')],
  [{ PROOFGRID_CACHE: 'relative', XDG_CACHE_HOME: 'also' }, join(homedir(), '.cache/proofgrid')],
])('the cache of %j is %s', (env, expected) => {
  expect(defaultCacheDirectory(env)).toBe(expected);
});
