import { ENGINE_COMPONENTS, type ComponentSource, type KubernetesSource, type PackageSource, type RuntimeSource } from '../matrix/cell.ts';
import type { Progress } from '../provider/contract.ts';
import { Store } from './cache/store.ts';
import type { Artifacts, Binaries, ImageArchive } from './contract.ts';
import { Apt } from './debian/apt.ts';
import { obtainMachineImage } from './machine-image/machine-image.ts';
import { defaultCacheDirectory, type ArtifactOptions } from './options.ts';
import type { Entry } from './recipe.ts';
import { Recipes } from './recipes.ts';
import { mergedRuntimeRecipe } from './runtime/merged.ts';

/** The artifact cache of this machine. Nothing is touched before the first artifact is asked for. */
export function createArtifacts(options: ArtifactOptions = {}): Artifacts {
  const store = new Store(options.cacheDirectory ?? defaultCacheDirectory());
  const apt = new Apt(store.directory, options.debian);
  const recipes = (progress: Progress) => new Recipes({ store, apt, mirrors: options.debian }, progress);

  return {
    kubernetes: async (wanted, progress) => binaries(wanted, await store.obtain(recipes(progress).kubernetes(wanted), progress)),
    etcd: async (wanted, progress) => binaries(wanted, await store.obtain(recipes(progress).etcd(wanted), progress)),
    async runtime(wanted, progress) {
      const parts = recipes(progress).runtime(wanted).map((recipe) => store.obtain(recipe, progress));
      const [engine, ...others] = await Promise.all(parts);
      if (engine === undefined) throw new Error(`${wanted.engine} has no recipe`);
      const whole = others.length === 0 ? engine : await store.obtain(mergedRuntimeRecipe(engine, others), progress);
      return binaries(wanted, whole);
    },
    engineComponent: async (name, wanted, progress) => binaries(wanted, await store.obtain(recipes(progress).engineComponent(name, wanted), progress)),
    machineImage: (wanted, progress) => obtainMachineImage(wanted, { store, mirrors: options.debian, engine: options.engine }, progress),
    async images(progress) {
      const entry = await store.obtain(recipes(progress).testImages(), progress);
      return { pause: imageArchive(entry, 'pause'), agnhost: imageArchive(entry, 'agnhost') };
    },
    addOnImage: async (wanted, progress) => imageArchive(await store.obtain(recipes(progress).addOnImage(wanted), progress), wanted.name),
    async forecast({ kubernetes, etcd, runtime, engineComponents, machine, addOns }) {
      const known = recipes({ signal: new AbortController().signal, report: () => undefined });
      const needed = [
        known.kubernetes(kubernetes),
        known.etcd(etcd),
        ...(runtime === undefined ? [] : known.runtime(runtime)),
        ...ENGINE_COMPONENTS.flatMap((name) => (engineComponents[name] === undefined ? [] : [known.engineComponent(name, engineComponents[name])])),
        ...(machine === undefined ? [] : [known.machineRoot(machine.os, machine.runtime)]),
        known.testImages(),
        ...addOns.map((wanted) => known.addOnImage(wanted)),
      ];
      return store.forecast(needed);
    },
  };
}

function binaries(wanted: KubernetesSource | PackageSource | RuntimeSource | ComponentSource, { key, directory, sha256, facts }: Entry): Binaries {
  const { version, ...known } = facts;
  if (version === undefined) throw new Error(`cache entry ${key} has no version`);
  return { version, directory, sha256, digest: key, provenance: { ...sourceFacts(wanted), ...known } };
}

/** What the request itself says of where something comes from. */
function sourceFacts(wanted: KubernetesSource | PackageSource | RuntimeSource | ComponentSource): Record<string, string> {
  switch (wanted.type) {
    case 'go-module':
      return { source: wanted.type };
    case 'upstream':
      return { source: wanted.type, url: wanted.url };
    case 'debian-source':
      return { source: wanted.type, suite: wanted.suite, package: `${wanted.package} ${wanted.version}` };
    case 'debian-package':
      return { source: wanted.type, suite: wanted.suite, packages: wanted.packages.join(', ') };
  }
}

function imageArchive({ key, directory, sha256, facts }: Entry, name: string): ImageArchive {
  const [file, reference] = [`${name}.tar`, facts[name]];
  const sum = sha256[file];
  if (sum === undefined || reference === undefined) throw new Error(`cache entry ${key} has no ${file}`);
  return { name, reference, directory, file, sha256: sum };
}
