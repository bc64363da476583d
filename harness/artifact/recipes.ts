import { join } from 'node:path';
import type { Runtime } from '../../lifecycle/cluster-deployment.ts';
import type { ComponentSource, EngineComponent, KubernetesSource, PackageSource, RuntimeSource } from '../matrix/cell.ts';
import type { ImageName, ImageSource } from '../matrix/images.ts';
import type { Progress } from '../provider/contract.ts';
import type { Store } from './cache/store.ts';
import type { AddOnImageRequest } from './contract.ts';
import type { Apt } from './debian/apt.ts';
import type { MirrorOptions } from './debian/mirror.ts';
import { debianEtcdRecipe } from './etcd/debian-package.ts';
import { upstreamEtcdRecipe } from './etcd/upstream.ts';
import type { GoTools } from './go-module/build.ts';
import { GO_COMPONENTS } from './go-module/components.ts';
import { goComponentRecipe } from './go-module/recipe.ts';
import { toolchainRecipe } from './go-module/toolchain.ts';
import { addOnImageRecipe } from './image/add-on-images.ts';
import { debianLayerRecipe } from './image/debian-layer.ts';
import { testImagesRecipe } from './image/test-images.ts';
import { debianKubernetesRecipe } from './kubernetes/debian-source.ts';
import { sourceRecipe } from './kubernetes/toolchain.ts';
import { upstreamKubernetesRecipe } from './kubernetes/upstream.ts';
import { machineRootRecipe } from './machine-image/root.ts';
import type { Recipe } from './recipe.ts';
import { pulledImageRecipe } from './registry/pulled-image.ts';
import { engineComponentReleaseRecipe } from './runtime/component.ts';
import { containerdReleaseRecipe } from './runtime/containerd.ts';
import { dockerReleaseRecipe } from './runtime/docker.ts';

/** The images of runtimes and checks come from the tree of this release, whatever version a cell runs. */
const TEST_IMAGES_RELEASE = '1.37.2';

interface Ingredients {
  readonly store: Store;
  readonly apt: Apt;
  readonly mirrors: MirrorOptions | undefined;
}

/** How each thing that a cell can ask for is made. To name a recipe makes nothing. */
export class Recipes {
  readonly #ingredients: Ingredients;
  readonly #progress: Progress;

  /** `progress` is told of what recipes need in turn: a toolchain, a source package. */
  constructor(ingredients: Ingredients, progress: Progress) {
    this.#ingredients = ingredients;
    this.#progress = progress;
  }

  kubernetes(wanted: KubernetesSource): Recipe {
    const { store, apt } = this.#ingredients;
    if (wanted.type === 'go-module') return goComponentRecipe('kubernetes', GO_COMPONENTS.kubernetes, wanted.version, this.#goTools);
    if (wanted.type === 'upstream') return upstreamKubernetesRecipe(wanted);
    const recipe = sourceRecipe(apt, wanted);
    const source = { key: store.keyOf(recipe), obtain: () => store.obtain(recipe, this.#progress) };
    return debianKubernetesRecipe(wanted, { apt, goCache: this.#inCache('go-build'), source });
  }

  etcd(wanted: PackageSource): Recipe {
    if (wanted.type === 'go-module') return goComponentRecipe('etcd', GO_COMPONENTS.etcd, wanted.version, this.#goTools);
    return wanted.type === 'upstream' ? upstreamEtcdRecipe(wanted) : debianEtcdRecipe(wanted, this.#ingredients.apt);
  }

  /** Several where a release's parts are built apart: the engine, then the programs that it calls. */
  runtime(wanted: RuntimeSource): readonly Recipe[] {
    if (wanted.type !== 'go-module') return [wanted.engine === 'containerd' ? containerdReleaseRecipe(wanted) : dockerReleaseRecipe(wanted)];
    return [
      goComponentRecipe('containerd', GO_COMPONENTS.containerd, wanted.version, this.#goTools),
      goComponentRecipe('runc', GO_COMPONENTS.runc, wanted.runc.version, this.#goTools),
    ];
  }

  engineComponent(name: EngineComponent, wanted: ComponentSource): Recipe {
    return wanted.type === 'go-module' ? goComponentRecipe(name, GO_COMPONENTS[name], wanted.version, this.#goTools) : engineComponentReleaseRecipe(name, wanted);
  }

  machineRoot(os: string, runtime: Runtime | undefined): Recipe {
    return machineRootRecipe(os, runtime, this.#ingredients.mirrors);
  }

  testImages(): Recipe {
    return testImagesRecipe({ apt: this.#ingredients.apt, tools: this.#goTools, version: TEST_IMAGES_RELEASE });
  }

  pulledImage(name: ImageName, source: ImageSource): Recipe {
    return pulledImageRecipe(name, source);
  }

  addOnImage(wanted: AddOnImageRequest): Recipe {
    if (wanted.source !== undefined) return this.pulledImage(wanted.name, wanted.source);
    const { store, apt } = this.#ingredients;
    return addOnImageRecipe(wanted, { tools: this.#goTools, layer: (layer) => store.obtain(debianLayerRecipe(layer, apt), this.#progress) });
  }

  /** Asked for by a build that is to start, so that a cache which has everything needs no toolchain. */
  readonly #goTools = async (): Promise<GoTools> => ({
    caches: { build: this.#inCache('go-build'), modules: this.#inCache('go-modules'), toolchains: this.#inCache('go-toolchains') },
    toolchain: await this.#ingredients.store.obtain(toolchainRecipe(), this.#progress),
  });

  #inCache(name: string): string {
    return join(this.#ingredients.store.directory, name);
  }
}
