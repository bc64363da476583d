import { test } from 'vitest';
import { proveEngineRelease } from '../system/prove-engine-release.ts';
import { newestOfEachMinor, settable } from './settable.ts';

test('machines without an engine get the Docker of a release, and all checks pass on it', async () => {
  await proveEngineRelease('docker', settable('all-in-one', [`kubernetes=${newestOfEachMinor()[0]}`, 'runtime=docker']).filter((word) => !word.startsWith('runtime=')));
});
