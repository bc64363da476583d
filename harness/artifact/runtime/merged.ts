import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Entry, Recipe } from '../recipe.ts';

/** containerd and runc that were built apart, in one directory, as machines expect a container engine's release. */
export function mergedRuntimeRecipe(containerd: Entry, runc: Entry): Recipe {
  const [version = '', runcVersion = ''] = [containerd, runc].map(({ facts }) => facts['version']);
  return {
    kind: 'runtime',
    name: `containerd ${version} with runc ${runcVersion}`,
    version: 1,
    inputs: { containerd: containerd.key, runc: runc.key },
    estimateMs: 2_000,
    limitMs: 10 * 60_000,
    async build(site) {
      for (const { directory, sha256 } of [containerd, runc]) {
        for (const name of Object.keys(sha256)) await copyFile(join(directory, name), join(site.output, name));
      }
      const { modules = '', toolchain = '' } = containerd.facts;
      return { version, runc: runcVersion, modules: [modules, runc.facts['modules'] ?? ''].join(', '), toolchain };
    },
  };
}
