import type { Recipe } from '../recipe.ts';
import { buildPrograms, describeFlags, provenanceOf, type GoTools } from './build.ts';
import type { GoComponent } from './component.ts';
import { proveVersion } from './proof.ts';
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
      await proveVersion(site, site.output, component, version);
      return { version, ...provenanceOf(component, modules, version) };
    },
  };
}
