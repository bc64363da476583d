import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Runtime } from '../../../lifecycle/cluster-deployment.ts';
import { mirrorsOf, type MirrorOptions } from '../debian/mirror.ts';
import { sourceLines, suiteOfSystem } from '../debian/suite.ts';
import type { BuildSite, Recipe } from '../recipe.ts';
import { packagesOf, REPORTED } from './packages.ts';
import { CUSTOMIZE, SYSTEM_FILES } from './system-files.ts';

export const ROOT_ARCHIVE = 'root.tar';

const APT_OPTIONS = ['Apt::Install-Recommends "false"', 'Acquire::Languages "none"'];
const DPKG_OPTIONS = ['force-unsafe-io', 'path-exclude=/usr/share/doc/*', 'path-exclude=/usr/share/man/*', 'path-exclude=/usr/share/locale/*'];

/** The root file system of machines with this operating system and runtime, as one tar. */
export function machineRootRecipe(os: string, runtime: Runtime | undefined, mirrors?: MirrorOptions): Recipe {
  const suite = suiteOfSystem(os);
  const packages = packagesOf(suite, runtime);
  return {
    kind: 'machine-root',
    name: `the machine image ${os} with ${runtime ?? 'no container engine'}`,
    version: 1,
    inputs: { suite, packages, files: SYSTEM_FILES, customize: CUSTOMIZE },
    estimateMs: 60_000,
    limitMs: 30 * 60_000,
    async build(site) {
      await prepare(site);
      site.step('installing packages');
      await site.run(
        [
          'mmdebstrap', '--mode=root', '--variant=minbase', '--format=tar', `--include=${packages.join(',')}`,
          ...APT_OPTIONS.map((option) => `--aptopt=${option}`),
          ...DPKG_OPTIONS.map((option) => `--dpkgopt=${option}`),
          `--customize-hook=${join(site.scratch, 'customize')}`,
          suite, join(site.output, ROOT_ARCHIVE),
          ...sourceLines(suite, mirrorsOf(suite, mirrors)[0]),
        ],
        // mmdebstrap clamps times to this one: equal packages give an equal archive.
        { env: { SOURCE_DATE_EPOCH: '1704067200' } },
      );
      return reportedVersions(await readFile(join(site.scratch, 'report'), 'utf8'), packages);
    },
  };
}

async function prepare({ scratch }: BuildSite): Promise<void> {
  for (const [path, content] of Object.entries(SYSTEM_FILES)) {
    await mkdir(dirname(join(scratch, 'overlay', path)), { recursive: true });
    await writeFile(join(scratch, 'overlay', path), content);
  }
  await writeFile(join(scratch, 'customize'), CUSTOMIZE, { mode: 0o755 });
}

/** Package → version of what a report names, out of all that dpkg lists; what was asked for has to be among it. */
export function reportedVersions(listing: string, wanted: readonly string[]): Record<string, string> {
  const installed = new Map(listing.trim().split('\n').map((line) => line.split('\t') as [string, string]));
  const missing = wanted.filter((name) => !installed.get(name));
  if (missing.length > 0) throw new Error(`the machine image lacks ${missing.join(', ')}`);
  return Object.fromEntries(REPORTED.flatMap((name) => (installed.has(name) ? [[name, installed.get(name) ?? '']] : [])));
}
