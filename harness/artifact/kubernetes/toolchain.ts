import { join } from 'node:path';
import type { Apt } from '../debian/apt.ts';
import type { KubernetesSource } from '../../matrix/cell.ts';
import { parseSuite } from '../debian/suite.ts';
import type { BuildSite, Recipe } from '../recipe.ts';

const MINUTE = 60_000;
/** Go of bookworm: the newest that Debian has and that Kubernetes 1.20 builds with, wherever this runs. */
const SUITE = 'bookworm';
const PACKAGES = ['golang-1.19-go', 'golang-1.19-src', 'golang-github-modern-go-reflect2-dev'] as const;

/** Resolves with the directory that holds the unpacked packages. */
export async function unpackToolchain(apt: Apt, site: BuildSite): Promise<string> {
  return await apt.unpack(SUITE, PACKAGES, site, 'toolchain');
}

export type DebianSource = Extract<KubernetesSource, { type: 'debian-source' }>;

/** The source package as Debian's archive has it, kept so that a rebuild needs no network. */
export function sourceRecipe(apt: Apt, { suite, package: name, version }: DebianSource): Recipe {
  return {
    kind: 'debian-source',
    name: `the source of Debian's ${name} ${version}`,
    version: 1,
    inputs: { name, version },
    estimateMs: 20_000,
    limitMs: 15 * MINUTE,
    async build(site) {
      await apt.downloadSource(parseSuite(suite), name, version, site, 'source');
      await site.run(['cp', '--recursive', '--no-target-directory', join(site.scratch, 'source'), site.output]);
      return {};
    },
  };
}
