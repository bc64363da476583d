import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { hashFile } from '../cache/manifest.ts';
import type { BuildSite } from '../recipe.ts';
import { dockerArchive, type Layer } from './docker-archive.ts';
import { packTar, type Member } from './tar.ts';

/** What images are called on machines before their own name, built or pulled: never what upstream's are. */
export const IMAGE_NAMESPACE = 'localhost/proofgrid';

export interface ImageContent {
  /** Of the archive without its ending. */
  readonly name: string;
  readonly reference: string;
  /** The `config` object of https://github.com/opencontainers/image-spec/blob/main/config.md */
  readonly config: Readonly<Record<string, unknown>>;
  readonly members: readonly Member[];
  /** Layers below the members, lowest first. */
  readonly base?: readonly Layer[];
}

/** Writes `<name>.tar`, a docker-archive, into the output of a build. */
export async function writeImage(site: BuildSite, { name, reference, config, members, base = [] }: ImageContent): Promise<void> {
  const layer = join(site.scratch, `${name}-layer.tar`);
  await pipeline(Readable.from(packTar(members)), createWriteStream(layer));
  const { pack } = dockerArchive({ reference, config, layers: [...base, { file: layer, sha256: await hashFile(layer) }] });
  await pipeline(Readable.from(pack()), createWriteStream(join(site.output, `${name}.tar`)));
}
