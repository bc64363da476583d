import { join } from 'node:path';
import type { KubernetesSource, PackageSource, RuntimeSource } from '../matrix/cell.ts';
import type { Progress } from '../provider/contract.ts';
import { Store } from './cache/store.ts';
import type { Artifacts, Binaries, ImageArchive } from './contract.ts';
import { Apt } from './debian/apt.ts';
import { debianEtcdRecipe } from './etcd/debian-package.ts';
import { upstreamEtcdRecipe } from './etcd/upstream.ts';
import { debianKubernetesRecipe } from './kubernetes/debian-source.ts';
import { sourceRecipe, type DebianSource } from './kubernetes/toolchain.ts';
import { upstreamKubernetesRecipe } from './kubernetes/upstream.ts';
import type { GoTools } from './go-module/build.ts';
import type { GoComponent } from './go-module/component.ts';
import { GO_COMPONENTS } from './go-module/components.ts';
import { goComponentRecipe } from './go-module/recipe.ts';
import { toolchainRecipe } from './go-module/toolchain.ts';
import { addOnImageRecipe } from './image/add-on-images.ts';
import { testImagesRecipe } from './image/test-images.ts';
import { obtainMachineImage } from './machine-image/machine-image.ts';
import { defaultCacheDirectory, type ArtifactOptions } from './options.ts';
import type { Entry } from './recipe.ts';
import { mergedRuntimeRecipe } from './runtime/merged.ts';
import { containerdReleaseRecipe } from './runtime/containerd.ts';
import { dockerReleaseRecipe } from './runtime/docker.ts';

/** The images of runtimes and checks come from the tree of this release, whatever version a cell runs. */
const TEST_IMAGES_RELEASE = '1.37.2';

/** The artifact cache of this machine. Nothing is touched before the first artifact is asked for. */
export function createArtifacts(options: ArtifactOptions = {}): Artifacts {
  const store = new Store(options.cacheDirectory ?? defaultCacheDirectory());
  const apt = new Apt(store.directory, options.debian);
  const inCache = (name: string) => join(store.directory, name);
  const goCache = inCache('go-build');
  const caches = { build: goCache, modules: inCache('go-modules'), toolchains: inCache('go-toolchains') };
  const sourceOf = (wanted: DebianSource, progress: Progress) => store.obtain(sourceRecipe(apt, wanted), progress);
  /** Asked for by a build that is to start, so that a cache which has everything needs no toolchain. */
  const toolsFor = (progress: Progress) => async (): Promise<GoTools> => ({ caches, toolchain: await store.obtain(toolchainRecipe(), progress) });
  const fromModules = (kind: string, component: GoComponent, version: string, progress: Progress) =>
    store.obtain(goComponentRecipe(kind, component, version, toolsFor(progress)), progress);

  return {
    async kubernetes(wanted, progress) {
      if (wanted.type === 'go-module') return binaries(wanted, await fromModules('kubernetes', GO_COMPONENTS.kubernetes, wanted.version, progress));
      if (wanted.type === 'upstream') return binaries(wanted, await store.obtain(upstreamKubernetesRecipe(wanted), progress));
      const source = await sourceOf(wanted, progress);
      return binaries(wanted, await store.obtain(debianKubernetesRecipe(wanted, { apt, goCache, source }), progress));
    },
    async etcd(wanted, progress) {
      if (wanted.type === 'go-module') return binaries(wanted, await fromModules('etcd', GO_COMPONENTS.etcd, wanted.version, progress));
      const recipe = wanted.type === 'upstream' ? upstreamEtcdRecipe(wanted) : debianEtcdRecipe(wanted, apt);
      return binaries(wanted, await store.obtain(recipe, progress));
    },
    async runtime(wanted, progress) {
      if (wanted.type === 'go-module') {
        const [containerd, runc] = await Promise.all([
          fromModules('containerd', GO_COMPONENTS.containerd, wanted.version, progress),
          fromModules('runc', GO_COMPONENTS.runc, wanted.runc.version, progress),
        ]);
        return binaries(wanted, await store.obtain(mergedRuntimeRecipe(containerd, runc), progress));
      }
      const recipe = wanted.engine === 'containerd' ? containerdReleaseRecipe(wanted) : dockerReleaseRecipe(wanted);
      return binaries(wanted, await store.obtain(recipe, progress));
    },
    machineImage: (wanted, progress) => obtainMachineImage(wanted, { store, mirrors: options.debian, engine: options.engine }, progress),
    async images(progress) {
      const entry = await store.obtain(testImagesRecipe({ apt, tools: toolsFor(progress), version: TEST_IMAGES_RELEASE }), progress);
      return { pause: imageArchive(entry, 'pause'), agnhost: imageArchive(entry, 'agnhost') };
    },
    async addOnImage(wanted, progress) {
      return imageArchive(await store.obtain(addOnImageRecipe(wanted, toolsFor(progress)), progress), wanted.name);
    },
  };
}

function binaries(wanted: KubernetesSource | PackageSource | RuntimeSource, { key, directory, sha256, facts }: Entry): Binaries {
  const { version, ...known } = facts;
  if (version === undefined) throw new Error(`cache entry ${key} has no version`);
  return { version, directory, sha256, digest: key, provenance: { ...sourceFacts(wanted), ...known } };
}

/** What the request itself says of where something comes from. */
function sourceFacts(wanted: KubernetesSource | PackageSource | RuntimeSource): Record<string, string> {
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
