import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PackageSource } from '../../matrix/cell.ts';
import { downloadFile, downloadText, parseChecksum } from '../download.ts';
import type { Recipe } from '../recipe.ts';
import { reportedVersion } from './debian-package.ts';
import { etcdPrograms } from './programs.ts';

/** etcd from a mirror of its releases: `<url>/v<version>/{SHA256SUMS,etcd-v<version>-linux-amd64.tar.gz}`, as at GitHub. */
export function upstreamEtcdRecipe({ url, version }: Extract<PackageSource, { type: 'upstream' }>): Recipe {
  const base = `${url.replace(/\/+$/, '')}/v${version}`;
  const release = `etcd-v${version}-linux-amd64`;
  const { names, input } = etcdPrograms(version);
  return {
    kind: 'etcd',
    name: `etcd ${version} from ${new URL(url).host}`,
    version: 1,
    inputs: { upstream: base, ...input },
    estimateMs: 20_000,
    limitMs: 30 * 60_000,
    async build(site) {
      const archive = join(site.scratch, 'release.tar.gz');
      const sums = await downloadText(`${base}/SHA256SUMS`, site.signal);
      site.step('downloading');
      await downloadFile(`${base}/${release}.tar.gz`, archive, parseChecksum(sums, `${base}/SHA256SUMS`, `${release}.tar.gz`), site.signal);
      const unpacked = join(site.scratch, 'unpacked');
      await mkdir(unpacked);
      await site.run(['tar', '--extract', '--gzip', '--no-same-owner', '--file', archive, '--directory', unpacked]);
      for (const name of names) await copyFile(join(unpacked, release, name), join(site.output, name));
      const reported = await reportedVersion(site);
      if (reported !== version) throw new Error(`the mirror's etcd calls itself ${reported}, not ${version}`);
      return { version };
    },
  };
}
