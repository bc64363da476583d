import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { AddOnImage, AddOnImageRequest } from '../contract.ts';
import { buildPrograms, describeFlags, provenanceOf, type GoTools } from '../go-module/build.ts';
import type { GoBuild, GoComponent } from '../go-module/component.ts';
import { FLANNEL_CNI_PLUGIN, GO_COMPONENTS } from '../go-module/components.ts';
import { proveVersion } from '../go-module/proof.ts';
import { TOOLCHAIN } from '../go-module/toolchain.ts';
import type { Entry, Recipe } from '../recipe.ts';
import type { Layer } from './docker-archive.ts';
import { LAYER_ARCHIVE, type DebianLayer } from './debian-layer.ts';
import { PACKET_FILTER_LAYER } from './packet-filter-layer.ts';
import type { Member } from './tar.ts';
import { IMAGE_NAMESPACE, writeImage } from './write-image.ts';

/** An image of one component, with nothing in it that is not named here. */
interface AddOnImageRow {
  readonly component: GoComponent;
  /** Further executables, in a version of their own. */
  readonly extra?: { readonly build: GoBuild; readonly version: string };
  /** Below the executables, for those that call programs of a system. */
  readonly layer?: DebianLayer;
  /** The `config` object of https://github.com/opencontainers/image-spec/blob/main/config.md */
  readonly config: Readonly<Record<string, unknown>>;
  /** What lies in the image beside the executables, which are at the root under their own names. */
  readonly members?: readonly Member[];
  /** Raised by whoever changes what the image holds. */
  readonly revision: number;
}

const SEARCH_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/';

/** The certificates of authorities that a program needs to talk to anybody outside are mounted where it does. */
const ROWS: Readonly<Partial<Record<AddOnImage, AddOnImageRow>>> = {
  flannel: {
    component: GO_COMPONENTS.flannel,
    extra: { build: FLANNEL_CNI_PLUGIN, version: '0.9.1' },
    layer: PACKET_FILTER_LAYER,
    config: { Entrypoint: ['/flanneld'], Env: [SEARCH_PATH] },
    revision: 1,
  },
  'kube-router': {
    component: GO_COMPONENTS['kube-router'],
    layer: PACKET_FILTER_LAYER,
    config: { Entrypoint: ['/kube-router'], Env: [SEARCH_PATH] },
    revision: 1,
  },
  coredns: { component: GO_COMPONENTS.coredns, config: { Entrypoint: ['/coredns'], ExposedPorts: { '53/tcp': {}, '53/udp': {} } }, revision: 1 },
  'local-volumes': { component: GO_COMPONENTS['local-volumes'], config: { Entrypoint: ['/local-volumes'] }, revision: 1 },
  'metrics-server': { component: GO_COMPONENTS['metrics-server'], config: { Entrypoint: ['/metrics-server'], User: '65534:65534' }, revision: 1 },
};

export interface ImageIngredients {
  readonly tools: () => Promise<GoTools>;
  readonly layer: (layer: DebianLayer) => Promise<Entry>;
}

/** The image `localhost/proofgrid/<name>:<version>` as a docker-archive `<name>.tar`. */
export function addOnImageRecipe({ name, version }: AddOnImageRequest, ingredients: ImageIngredients): Recipe {
  const row = ROWS[name];
  if (row === undefined) throw new Error(`no image of ${name} can be built`);
  const { component, extra, layer, config, members = [], revision } = row;
  return {
    kind: 'add-on-image',
    name: `the container image ${name} ${version}`,
    version: 1,
    inputs: {
      name,
      version,
      revision,
      toolchain: TOOLCHAIN.sum,
      flags: describeFlags(component),
      ...(extra !== undefined && { extra: extra.version }),
      ...(layer !== undefined && { layer: { ...layer } }),
    },
    estimateMs: component.estimateMs,
    limitMs: 2 * 60 * 60_000,
    async build(site) {
      const tools = await ingredients.tools();
      const modules = await buildPrograms(site, component, version, tools);
      await proveVersion(site, site.output, component, version);
      const others = extra === undefined ? {} : await buildPrograms(site, extra.build, extra.version, tools);
      const programs = join(site.scratch, 'programs');
      await mkdir(programs);
      const files = [component, ...(extra === undefined ? [] : [extra.build])].flatMap((build) => Object.keys(build.programs));
      for (const file of files) await rename(join(site.output, file), join(programs, file));
      const base = layer === undefined ? undefined : await ingredients.layer(layer);
      const reference = `${IMAGE_NAMESPACE}/${name}:${version}`;
      const executables = files.map((file): Member => ({ type: 'copy', path: file, mode: 0o755, source: join(programs, file) }));
      await writeImage(site, { name, reference, config, members: [...members, ...executables], ...(base !== undefined && { base: [layerOf(base)] }) });
      return {
        [name]: reference,
        version,
        ...provenanceOf(component, modules, version),
        ...(extra !== undefined && { extra: provenanceOf(extra.build, others, extra.version)['modules'] ?? '' }),
        ...(base !== undefined && { packages: Object.entries(base.facts).map((fact) => fact.join(' ')).join(', ') }),
      };
    },
  };
}

function layerOf({ key, directory, sha256 }: Entry): Layer {
  const sum = sha256[LAYER_ARCHIVE];
  if (sum === undefined) throw new Error(`cache entry ${key} has no ${LAYER_ARCHIVE}`);
  return { file: join(directory, LAYER_ARCHIVE), sha256: sum };
}
