import { expect, test } from 'vitest';
import { leasedResources, newDirectory, proofgrid } from '../system/proofgrid.ts';
import { FULL_CELLS } from './cells.ts';

test.each(FULL_CELLS.map(({ title, topology, set }) => [title, topology, set] as const))('%s: deploy and all checks, and nothing is left', async (_, topology, set) => {
  const directory = await newDirectory('cell');
  const { all, exitCode } = await proofgrid(['run', topology, ...set.flatMap((word) => ['--set', word]), '--run-dir', directory]);
  expect(exitCode, all).toBe(0);
  expect(await leasedResources(directory)).toEqual([]);
});
