import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { AddOnImage, AddOnImageRequest } from '../contract.ts';
import { buildPrograms, describeFlags, provenanceOf, type GoTools } from '../go-module/build.ts';
import type { GoComponent } from '../go-module/component.ts';
import { GO_COMPONENTS } from '../go-module/components.ts';
import { TOOLCHAIN } from '../go-module/toolchain.ts';
import type { Recipe } from '../recipe.ts';
import type { Member } from './tar.ts';
import { IMAGE_NAMESPACE, writeImage } from './write-image.ts';

/** An image of one component, with nothing in it that is not named here. */
interface AddOnImageRow {
  readonly component: GoComponent;
  /** The `config` object of https://github.com/opencontainers/image-spec/blob/main/config.md */
  readonly config: Readonly<Record<string, unknown>>;
  /** What lies in the image beside the executables, which are at the root under their own names. */
  readonly members?: readonly Member[];
  /** Raised by whoever changes what the image holds. */
  readonly revision: number;
}

/** The certificates of authorities that a program needs to talk to anybody outside are mounted where it does. */
const ROWS: Readonly<Partial<Record<AddOnImage, AddOnImageRow>>> = {
  coredns: { component: GO_COMPONENTS.coredns, config: { Entrypoint: ['/coredns'], ExposedPorts: { '53/tcp': {}, '53/udp': {} } }, revision: 1 },
};

/** The image `localhost/proofgrid/<name>:<version>` as a docker-archive `<name>.tar`. */
export function addOnImageRecipe({ name, version }: AddOnImageRequest, tools: () => Promise<GoTools>): Recipe {
  const row = ROWS[name];
  if (row === undefined) throw new Error(`no image of ${name} can be built`);
  const { component, config, members = [], revision } = row;
  return {
    kind: 'add-on-image',
    name: `the container image ${name} ${version}`,
    version: 1,
    inputs: { name, version, revision, toolchain: TOOLCHAIN.sum, flags: describeFlags(component) },
    estimateMs: component.estimateMs,
    limitMs: 2 * 60 * 60_000,
    async build(site) {
      const modules = await buildPrograms(site, component, version, await tools());
      const programs = join(site.scratch, 'programs');
      await mkdir(programs);
      for (const program of Object.keys(component.programs)) await rename(join(site.output, program), join(programs, program));
      const { program, args, pattern } = component.proof;
      const reported = pattern.exec(await site.run([join(programs, program), ...args]))?.[1];
      if (reported !== version) throw new Error(`the ${program} built calls itself ${JSON.stringify(reported)}, not ${version}`);
      const reference = `${IMAGE_NAMESPACE}/${name}:${version}`;
      const executables = Object.keys(component.programs).map((file): Member => ({ type: 'copy', path: file, mode: 0o755, source: join(programs, file) }));
      await writeImage(site, { name, reference, config, members: [...members, ...executables] });
      return { [name]: reference, version, ...provenanceOf(component, modules, version) };
    },
  };
}
