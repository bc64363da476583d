import { defineConfig } from 'vitest/config';
import LongestFirst from './test/longest-first.ts';

/** Milliseconds: real machines and cold caches; a hang still ends. */
const [MACHINES, CELLS, BUILDS] = [300_000, 900_000, 3 * 3_600_000];
/**
 * Two files at a time: tests of machines wait far more than they work, and each knows its own machines from those of others.
 * A group of their own, after the unit tests, which take every core.
 */
const beside = { maxWorkers: 2, sequence: { groupOrder: 1 } };
/** Runs once, before the first test of a project that needs real components. */
const globalSetup = './test/build-artifacts.ts';

/**
 * Unit tests touch nothing outside the process; integration tests real machines and binaries; system tests run whole cells.
 * Those three need the default version alone, and are `npm test`. The project `full` builds and runs all the others.
 */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/time-reporter.ts', './test/count-reporter.ts'],
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000 } },
      { test: { name: 'integration', globalSetup, include: ['test/integration/**/*.test.ts'], testTimeout: MACHINES, hookTimeout: 2 * MACHINES, ...beside } },
      { test: { name: 'system', globalSetup, include: ['test/system/**/*.test.ts'], testTimeout: CELLS, hookTimeout: CELLS, ...beside } },
      {
        test: {
          name: 'full',
          globalSetup,
          // runs are killed at more moments than in `system`
          include: ['test/full/**/*.test.ts', 'test/system/kill.test.ts', 'test/system/kubevirt-kill.test.ts'],
          env: { PROOFGRID_KILL_MOMENTS: '10' },
          testTimeout: BUILDS,
          hookTimeout: BUILDS,
          fileParallelism: false,
        },
      },
    ],
  },
});
