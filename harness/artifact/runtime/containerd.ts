import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import type { RuntimeSource } from '../../matrix/cell.ts';
import { downloadFile, downloadText, parseChecksum } from '../download.ts';
import type { Recipe } from '../recipe.ts';
import { proveVersion, takeOut } from './release.ts';

const MEMBERS = ['bin/containerd', 'bin/containerd-shim-runc-v2', 'bin/ctr'] as const;

/**
 * containerd and runc from mirrors of their releases, laid out as at GitHub:
 * https://github.com/containerd/containerd/blob/main/docs/getting-started.md
 */
export function containerdReleaseRecipe({ url, version, runc }: Extract<RuntimeSource, { type: 'upstream'; engine: 'containerd' }>): Recipe {
  const name = `containerd-${version}-linux-amd64.tar.gz`;
  const release = `${url}/v${version}/${name}`;
  const runcRelease = `${runc.url}/v${runc.version}`;
  return {
    kind: 'runtime',
    name: `containerd ${version} from ${new URL(url).host}`,
    version: 1,
    inputs: { containerd: release, runc: runcRelease },
    estimateMs: 30_000,
    limitMs: 30 * 60_000,
    async build(site) {
      const sum = parseChecksum(await downloadText(`${release}.sha256sum`, site.signal), `${release}.sha256sum`, name);
      const runcSums = await downloadText(`${runcRelease}/runc.sha256sum`, site.signal);
      const runcSum = parseChecksum(runcSums, `${runcRelease}/runc.sha256sum`, 'runc.amd64');
      site.step('downloading containerd');
      await downloadFile(release, join(site.scratch, name), sum, site.signal);
      site.step('downloading runc');
      await downloadFile(`${runcRelease}/runc.amd64`, join(site.output, 'runc'), runcSum, site.signal);
      await chmod(join(site.output, 'runc'), 0o755);
      await takeOut(site, name, MEMBERS);
      await proveVersion(site, 'containerd', /^containerd \S+ v?(\S+)/m, version);
      await proveVersion(site, 'runc', /^runc version (\S+)/m, runc.version);
      return { version, runc: runc.version };
    },
  };
}
