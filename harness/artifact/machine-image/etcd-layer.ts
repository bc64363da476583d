import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Binaries } from '../contract.ts';
import { packTar, type Member } from '../image/tar.ts';
import type { Recipe } from '../recipe.ts';

export const ETCD_LAYER = 'layer.tar';

/** A layer with etcd's binaries at `/opt/etcd/<version>`, so that images of several etcd versions share all the rest. */
export function etcdLayerRecipe(etcd: Binaries): Recipe {
  const directories = ['opt', 'opt/etcd', `opt/etcd/${etcd.version}`].map((path): Member => ({ type: 'directory', path, mode: 0o755 }));
  const files = Object.keys(etcd.sha256).map((name): Member => ({
    type: 'copy',
    path: `opt/etcd/${etcd.version}/${name}`,
    mode: 0o755,
    source: join(etcd.directory, name),
  }));
  return {
    kind: 'etcd-layer',
    name: `the image layer of etcd ${etcd.version}`,
    version: 1,
    inputs: { version: etcd.version, files: etcd.sha256 },
    estimateMs: 1_000,
    limitMs: 5 * 60_000,
    async build(site) {
      await pipeline(Readable.from(packTar([...directories, ...files])), createWriteStream(join(site.output, ETCD_LAYER)));
      return {};
    },
  };
}
