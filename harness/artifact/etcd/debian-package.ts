import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PackageSource } from '../../matrix/cell.ts';
import type { Apt } from '../debian/apt.ts';
import { parseSuite, type Suite } from '../debian/suite.ts';
import type { BuildSite, Recipe } from '../recipe.ts';
import { etcdPrograms } from './programs.ts';

/** Minor of each suite's packages; a stable Debian keeps it. */
const MINORS: Readonly<Record<Suite, string>> = { bullseye: '3.3', bookworm: '3.4', trixie: '3.5' };

/** etcd out of the packages of a Debian suite: its binaries are static and run on any other. */
export function debianEtcdRecipe({ suite, packages }: Extract<PackageSource, { type: 'debian-package' }>, apt: Apt): Recipe {
  const { names, input } = etcdPrograms(MINORS[parseSuite(suite)]);
  return {
    kind: 'etcd',
    name: `etcd of Debian ${suite}`,
    version: 1,
    inputs: { suite, packages, ...input },
    estimateMs: 15_000,
    limitMs: 15 * 60_000,
    async build(site) {
      const root = await apt.unpack(parseSuite(suite), packages, site, 'etcd');
      for (const name of names) await copyFile(join(root, 'usr/bin', name), join(site.output, name));
      return { version: await reportedVersion(site) };
    },
  };
}

/** What the binary in `site.output` says it is. */
export async function reportedVersion(site: BuildSite): Promise<string> {
  const said = await site.run([join(site.output, 'etcd'), '--version']);
  const version = /^etcd Version: (\S+)$/m.exec(said)?.[1];
  if (version === undefined) throw new Error(`etcd --version says no version: ${said.split('\n', 1)[0]}`);
  return version;
}
