import { test } from 'vitest';
import { proveEngineRelease } from './prove-engine-release.ts';

test('machines without an engine get the containerd of a release, and all checks pass on it', async () => {
  await proveEngineRelease('containerd');
});
