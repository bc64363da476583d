import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ComponentSource, EngineComponent } from '../../matrix/cell.ts';
import { downloadFile, downloadText, parseChecksum } from '../download.ts';
import { GO_COMPONENTS } from '../go-module/components.ts';
import { proveVersion } from '../go-module/proof.ts';
import type { Recipe } from '../recipe.ts';

/** What a mirror calls the archive of a version; `<archive>.sha256` lies beside it. */
const ARCHIVES: Readonly<Record<EngineComponent, (version: string) => string>> = {
  'cni-plugins': (version) => `cni-plugins-linux-amd64-v${version}.tgz`,
  crictl: (version) => `crictl-v${version}-linux-amd64.tar.gz`,
};

/** The same executables as from Go modules, from a mirror of upstream's releases, laid out as at GitHub. */
export function engineComponentReleaseRecipe(name: EngineComponent, { url, version }: Extract<ComponentSource, { type: 'upstream' }>): Recipe {
  const component = GO_COMPONENTS[name];
  const archive = ARCHIVES[name](version);
  const release = `${url}/v${version}/${archive}`;
  const programs = Object.keys(component.programs);
  return {
    kind: name,
    name: `${component.title} ${version} from ${new URL(url).host}`,
    version: 1,
    inputs: { upstream: release, programs },
    estimateMs: 20_000,
    limitMs: 30 * 60_000,
    async build(site) {
      const sum = parseChecksum(await downloadText(`${release}.sha256`, site.signal), `${release}.sha256`);
      site.step('downloading');
      await downloadFile(release, join(site.scratch, archive), sum, site.signal);
      const unpacked = join(site.scratch, 'unpacked');
      await mkdir(unpacked);
      await site.run(['tar', '--extract', '--gzip', '--no-same-owner', '--file', join(site.scratch, archive), '--directory', unpacked]);
      for (const program of programs) await copyFile(join(unpacked, program), join(site.output, program));
      await proveVersion(site, site.output, component, version);
      return { version };
    },
  };
}
