import { join } from 'node:path';
import type { Recipe } from '../recipe.ts';
import { buildPrograms, describeFlags, provenanceOf, type GoTools } from './build.ts';
import type { GoComponent } from './component.ts';
import { TOOLCHAIN } from './toolchain.ts';

/** The executables of one version of a component, built here from Go modules. */
export function goComponentRecipe(kind: string, component: GoComponent, version: string, tools: () => Promise<GoTools>): Recipe {
  return {
    kind,
    name: `${component.title} ${version} from Go modules`,
    version: 1,
    inputs: {
      version,
      toolchain: TOOLCHAIN.sum,
      flags: describeFlags(component),
      programs: Object.fromEntries(Object.entries(component.programs).map(([name, { package: path }]) => [name, path])),
      stamps: component.stamps?.(version, { time: '' }) ?? {},
    },
    estimateMs: component.estimateMs,
    limitMs: 2 * 60 * 60_000,
    async build(site) {
      const modules = await buildPrograms(site, component, version, await tools());
      const { program, args, pattern } = component.proof;
      const said = await site.run([join(site.output, program), ...args]);
      const reported = pattern.exec(said)?.[1];
      if (reported !== version) throw new Error(`the ${program} built calls itself ${JSON.stringify(reported ?? said.split('\n', 1)[0])}, not ${version}`);
      return { version, ...provenanceOf(component, modules, version) };
    },
  };
}
