import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Entry, Recipe } from '../recipe.ts';

/** An engine and the programs that it calls, built apart, in one directory, as machines expect a release. */
export function mergedRuntimeRecipe(engine: Entry, others: readonly Entry[]): Recipe {
  const version = engine.facts['version'] ?? '';
  return {
    kind: 'runtime',
    name: `the container engine ${version} with what it calls`,
    version: 1,
    inputs: { engine: engine.key, others: others.map(({ key }) => key) },
    estimateMs: 2_000,
    limitMs: 10 * 60_000,
    async build(site) {
      const all = [engine, ...others];
      for (const { directory, sha256 } of all) {
        for (const name of Object.keys(sha256)) await copyFile(join(directory, name), join(site.output, name));
      }
      return { version, modules: all.flatMap(({ facts }) => facts['modules'] ?? []).join(', '), toolchain: engine.facts['toolchain'] ?? '' };
    },
  };
}
