import { join } from 'node:path';
import type { RuntimeSource } from '../../matrix/cell.ts';
import { downloadFile } from '../download.ts';
import type { Recipe } from '../recipe.ts';
import { proveVersion, takeOut } from './release.ts';

const MEMBERS = ['containerd', 'containerd-shim-runc-v2', 'ctr', 'docker', 'docker-init', 'docker-proxy', 'dockerd', 'runc'] as const;

/** Docker's static archive, which brings its own containerd and runc: https://docs.docker.com/engine/install/binaries/ */
export function dockerReleaseRecipe({ url, version, sha256 }: Extract<RuntimeSource, { engine: 'docker' }>): Recipe {
  const name = `docker-${version}.tgz`;
  return {
    kind: 'runtime',
    name: `Docker ${version} from ${new URL(url).host}`,
    version: 1,
    inputs: { docker: version, sha256 },
    estimateMs: 30_000,
    limitMs: 30 * 60_000,
    async build(site) {
      site.step('downloading');
      await downloadFile(`${url}/${name}`, join(site.scratch, name), sha256, site.signal);
      await takeOut(site, name, MEMBERS.map((member) => `docker/${member}`));
      await proveVersion(site, 'dockerd', /^Docker version ([^\s,]+)/m, version);
      return { version };
    },
  };
}
