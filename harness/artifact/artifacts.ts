import { ENGINE_COMPONENTS, type ComponentSource, type KubernetesSource, type PackageSource, type RuntimeSource } from '../matrix/cell.ts';
import type { ImageSource, ImageSources } from '../matrix/images.ts';
import type { Progress } from '../provider/contract.ts';
import { Store } from './cache/store.ts';
import type { Artifacts, Binaries, ImageArchive } from './contract.ts';
import { Apt } from './debian/apt.ts';
import { obtainMachineImage } from './machine-image/machine-image.ts';
import { defaultCacheDirectory, type ArtifactOptions } from './options.ts';
import { IMAGE_NAMESPACE } from './image/write-image.ts';
import type { Entry, Recipe } from './recipe.ts';
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
    async images(progress, sources = {}) {
      const known = recipes(progress);
      const image = async (name: TestImage) => {
        const entry = await store.obtain(testImage(known, name, sources), progress);
        return imageArchive(entry, name, sources[name]);
      };
      const [pause, agnhost] = await Promise.all([image('pause'), image('agnhost')]);
      return { pause, agnhost };
    },
    async addOnImage(wanted, progress) {
      const entry = await store.obtain(recipes(progress).addOnImage(wanted), progress);
      return imageArchive(entry, wanted.name, wanted.source);
    },
    async forecast({ kubernetes, etcd, runtime, engineComponents, machine, addOns, images = {} }) {
      const known = recipes({ signal: new AbortController().signal, report: () => undefined });
      const needed = [
        known.kubernetes(kubernetes),
        known.etcd(etcd),
        ...(runtime === undefined ? [] : known.runtime(runtime)),
        ...ENGINE_COMPONENTS.flatMap((name) => (engineComponents[name] === undefined ? [] : [known.engineComponent(name, engineComponents[name])])),
        ...(machine === undefined ? [] : [known.machineRoot(machine.os, machine.runtime)]),
        ...testImages(known, images),
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

const TEST_IMAGES = ['pause', 'agnhost'] as const;
type TestImage = (typeof TEST_IMAGES)[number];

function testImage(recipes: Recipes, name: TestImage, { [name]: source }: ImageSources): Recipe {
  return source === undefined ? recipes.testImages() : recipes.pulledImage(name, source);
}

/** They are built together, and pulled each for itself. */
function testImages(recipes: Recipes, sources: ImageSources): Recipe[] {
  const needed = TEST_IMAGES.map((name) => testImage(recipes, name, sources));
  return needed.filter(({ name }, index) => needed.findIndex((other) => other.name === name) === index);
}

function imageArchive({ key, directory, sha256, facts }: Entry, name: string, source?: ImageSource): ImageArchive {
  const [file, reference] = [`${name}.tar`, facts[name]];
  const sum = sha256[file];
  if (sum === undefined || reference === undefined) throw new Error(`cache entry ${key} has no ${file}`);
  // A reference has the name of its image as its key, and the version in it.
  const isReference = (value: string) => value.startsWith(`${IMAGE_NAMESPACE}/`);
  const known = Object.entries(facts).filter(([fact, value]) => fact !== 'version' && !isReference(value));
  const provenance = { source: source === undefined ? 'go-module' : 'upstream', ...Object.fromEntries(known) };
  return { name, reference, directory, file, sha256: sum, provenance };
}
