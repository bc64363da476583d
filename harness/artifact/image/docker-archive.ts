import { createHash } from 'node:crypto';
import { packTar } from './tar.ts';

/** An uncompressed layer on disk. */
export interface Layer {
  readonly file: string;
  /** SHA-256 of the file: the layer's diff id. */
  readonly sha256: string;
}

export interface ImageSettings {
  readonly reference: string;
  readonly layers: readonly Layer[];
  /** The `config` object of https://github.com/opencontainers/image-spec/blob/main/config.md */
  readonly config: Readonly<Record<string, unknown>>;
}

export interface DockerArchive {
  /** SHA-256 of the image's configuration: what container engines call the image's id. It covers every layer's content. */
  readonly id: string;
  /** The archive's bytes, as `docker save` would write them, understood by podman, docker and ctr alike. */
  pack(): AsyncGenerator<Buffer>;
}

/** Of layers that are made here. */
export function dockerArchive({ reference, layers, config }: ImageSettings): DockerArchive {
  return archiveOf(reference, layers, Buffer.from(JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    // A date would make equal images differ.
    created: '1970-01-01T00:00:00Z',
    config,
    rootfs: { type: 'layers', diff_ids: layers.map(({ sha256 }) => `sha256:${sha256}`) },
    history: layers.map(() => ({ created: '1970-01-01T00:00:00Z', created_by: 'proofgrid' })),
  })));
}

/** Of an image whose configuration exists, byte for byte. */
export function archiveOf(reference: string, layers: readonly Layer[], configuration: Buffer): DockerArchive {
  const id = createHash('sha256').update(configuration).digest('hex');
  const manifest = Buffer.from(JSON.stringify([
    { Config: `${id}.json`, RepoTags: [reference], Layers: layers.map(({ sha256 }) => `${sha256}.tar`) },
  ]));
  // An image may have one layer several times; its archive has it once.
  const files = new Map(layers.map(({ file, sha256 }) => [`${sha256}.tar`, file]));
  return {
    id,
    pack: () =>
      packTar([
        { type: 'file', path: 'manifest.json', mode: 0o644, content: manifest },
        { type: 'file', path: `${id}.json`, mode: 0o644, content: configuration },
        ...[...files].map(([path, source]) => ({ type: 'copy', path, mode: 0o644, source }) as const),
      ]),
  };
}
