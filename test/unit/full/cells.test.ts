import { expect, test } from 'vitest';
import { FULL_CELLS } from '../../full/cells.ts';
import { newestOfEachMinor, valuesOf } from '../../full/settable.ts';

// A cell that cannot exist would only be noticed at night: it throws when this file is loaded.
const words = FULL_CELLS.flatMap(({ set }) => set);

test('the full tests run every minor, and every value that the default cell lacks', () => {
  for (const version of newestOfEachMinor()) expect(words).toContain(`kubernetes=${version}`);
  for (const axis of ['os', 'proxy', 'etcd'] as const) for (const value of valuesOf(axis, { withoutDefault: true })) expect(words).toContain(`${axis}=${value}`);
  for (const runtime of valuesOf('runtime', { withoutDefault: true })) expect(words).toContain(`runtime=${runtime}`);
  for (const network of valuesOf('network').filter((each) => each !== 'manifest')) expect(words).toContain(`network=${network}`);
});
