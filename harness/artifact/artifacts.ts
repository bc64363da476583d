import { join } from 'node:path';
import type { Progress } from '../provider/contract.ts';
import { Store } from './cache/store.ts';
import type { Artifacts, Binaries, ImageArchive } from './contract.ts';
import { Apt } from './debian/apt.ts';
import { parseSuite } from './debian/suite.ts';
import { debianEtcdRecipe } from './etcd/debian-package.ts';
import { upstreamEtcdRecipe } from './etcd/upstream.ts';
import { debianKubernetesRecipe } from './kubernetes/debian-source.ts';
import { sourceRecipe, type DebianSource } from './kubernetes/toolchain.ts';
import { upstreamKubernetesRecipe } from './kubernetes/upstream.ts';
import { versionOfDebianSource } from './kubernetes/version.ts';
import { testImagesRecipe } from './image/test-images.ts';
import { obtainMachineImage } from './machine-image/machine-image.ts';
import { defaultCacheDirectory, type ArtifactOptions } from './options.ts';
import type { Entry } from './recipe.ts';
import { containerdReleaseRecipe } from './runtime/containerd.ts';
import { dockerReleaseRecipe } from './runtime/docker.ts';

/** The images of the checks come from this source whatever version a cell runs. */
const TEST_IMAGES: DebianSource = { type: 'debian-source', suite: 'bookworm', package: 'kubernetes', version: '1.20.5+really1.20.2-1.1+deb12u1' };

/** The artifact cache of this machine. Nothing is touched before the first artifact is asked for. */
export function createArtifacts(options: ArtifactOptions = {}): Artifacts {
  const store = new Store(options.cacheDirectory ?? defaultCacheDirectory());
  const apt = new Apt(store.directory, options.debian);
  const goCache = join(store.directory, 'go-build');
  const sourceOf = (wanted: DebianSource, progress: Progress) => store.obtain(sourceRecipe(apt, wanted), progress);

  return {
    async kubernetes(wanted, progress) {
      if (wanted.type === 'upstream') return binaries(await store.obtain(upstreamKubernetesRecipe(wanted), progress));
      if (wanted.type === 'go-module') throw new Error('not yet');
      const source = await sourceOf(wanted, progress);
      return binaries(await store.obtain(debianKubernetesRecipe(wanted, { apt, goCache, source }), progress));
    },
    async etcd(wanted, progress) {
      if (wanted.type === 'go-module') throw new Error('not yet');
      const recipe = wanted.type === 'upstream' ? upstreamEtcdRecipe(wanted) : debianEtcdRecipe(wanted, apt);
      return binaries(await store.obtain(recipe, progress));
    },
    async runtime(wanted, progress) {
      if (wanted.type === 'go-module') throw new Error('not yet');
      const recipe = wanted.engine === 'containerd' ? containerdReleaseRecipe(wanted) : dockerReleaseRecipe(wanted);
      return binaries(await store.obtain(recipe, progress));
    },
    machineImage: (wanted, progress) => obtainMachineImage(wanted, { store, mirrors: options.debian, engine: options.engine }, progress),
    async images(progress) {
      const source = await sourceOf(TEST_IMAGES, progress);
      const version = versionOfDebianSource(TEST_IMAGES.version, parseSuite(TEST_IMAGES.suite));
      const entry = await store.obtain(testImagesRecipe({ apt, goCache, source, version }), progress);
      return { pause: imageArchive(entry, 'pause'), agnhost: imageArchive(entry, 'agnhost') };
    },
    addOnImage: () => Promise.reject(new Error('not yet')),
  };
}

function binaries({ key, directory, sha256, facts }: Entry): Binaries {
  const { version } = facts;
  if (version === undefined) throw new Error(`cache entry ${key} has no version`);
  return { version, directory, sha256, digest: key };
}

function imageArchive({ key, directory, sha256, facts }: Entry, name: string): ImageArchive {
  const [file, reference] = [`${name}.tar`, facts[name]];
  const sum = sha256[file];
  if (sum === undefined || reference === undefined) throw new Error(`cache entry ${key} has no ${file}`);
  return { name, reference, directory, file, sha256: sum };
}
