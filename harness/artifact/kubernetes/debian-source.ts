import { join } from 'node:path';
import type { KubernetesSource } from '../../matrix/cell.ts';
import type { Apt } from '../debian/apt.ts';
import { parseSuite } from '../debian/suite.ts';
import type { Entry, Recipe } from '../recipe.ts';
import { unpackTree } from './build-tree.ts';
import { unpackToolchain } from './toolchain.ts';
import { KUBERNETES_BINARIES, versionOfDebianSource } from './version.ts';

const MINUTE = 60_000;

interface Ingredients {
  readonly apt: Apt;
  readonly goCache: string;
  /** Debian's source package: the key of its entry, and the entry once it is needed. */
  readonly source: { readonly key: string; readonly obtain: () => Promise<Entry> };
}

/** Kubernetes compiled here from Debian's source package. */
export function debianKubernetesRecipe(
  { suite, version: debianVersion }: Extract<KubernetesSource, { type: 'debian-source' }>,
  { apt, goCache, source }: Ingredients,
): Recipe {
  const version = versionOfDebianSource(debianVersion, parseSuite(suite));
  return {
    kind: 'kubernetes',
    name: `Kubernetes ${version} from Debian's source`,
    version: 1,
    inputs: { source: source.key, version },
    estimateMs: 6 * MINUTE,
    limitMs: 60 * MINUTE,
    async build(site) {
      const toolchain = await unpackToolchain(apt, site);
      const tree = await unpackTree(site, { source: await source.obtain(), toolchain, version, goCache });
      await tree.compile(['make', `WHAT=${KUBERNETES_BINARIES.map((name) => `cmd/${name}`).join(' ')}`]);
      // _output/bin is a link to an absolute path, which exists only where the tree is mounted.
      await tree.run(['cp', '--dereference', ...KUBERNETES_BINARIES.map((name) => `_output/bin/${name}`), site.output]);
      const reported = (await site.run([join(site.output, 'kubelet'), '--version'])).trim();
      if (reported !== `Kubernetes v${version}`) throw new Error(`the kubelet built calls itself "${reported}", not v${version}`);
      return { version };
    },
  };
}
