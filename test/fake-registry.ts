import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { packTar, type Member } from '../harness/artifact/image/tar.ts';

export interface FakeImage {
  /** https://github.com/opencontainers/image-spec/blob/main/config.md */
  readonly configuration: Buffer;
  /** Uncompressed archives, lowest first; gzipped on the wire, as registries have them. */
  readonly layers: readonly Buffer[];
}

/** An image of these members, a list for each layer. */
export async function fakeImage(
  layers: readonly (readonly Member[])[],
  config: object = {},
  architecture = 'amd64',
): Promise<FakeImage> {
  const tars = await Promise.all(layers.map(async (members) => collect(packTar(members))));
  const rootfs = { type: 'layers', diff_ids: tars.map(digestOf) };
  return { layers: tars, configuration: Buffer.from(JSON.stringify({ architecture, os: 'linux', config, rootfs })) };
}

/** An image out of its docker-archive. */
export async function imageOfArchive(archive: string, scratch: string): Promise<FakeImage> {
  await execa('tar', ['--extract', '--file', archive, '--directory', scratch]);
  const [found] = JSON.parse(await readFile(path.join(scratch, 'manifest.json'), 'utf8')) as {
    Config: string;
    Layers: string[];
  }[];
  if (found === undefined) throw new Error(`${archive} has no image`);
  const read = async (name: string) => readFile(path.join(scratch, name));
  return { configuration: await read(found.Config), layers: await Promise.all(found.Layers.map(read)) };
}

/**
 * A fake of a container registry: the reading half of the OCI distribution API over HTTP on loopback, and nothing of
 * tokens, ranges or redirects. https://github.com/opencontainers/distribution-spec/blob/main/spec.md
 */
export interface FakeRegistry {
  /** Without a scheme: `127.0.0.1:40123`. */
  readonly host: string;
  /** Paths that were asked for, in order. */
  readonly requests: string[];
  /** Publishes an index with this image for amd64 and another one for arm64. Resolves with the index's digest. */
  push(repository: string, tag: string, image: FakeImage): Promise<string>;
  /** What paths that match are answered from now on: a status, bytes, or nothing ever. */
  misbehave(path: RegExp, answer: number | Buffer | 'silence'): void;
  behave(): void;
  stop(): Promise<void>;
}

interface Stored {
  readonly type: string;
  readonly bytes: Buffer;
}

const OCI = 'application/vnd.oci.image';
const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

export async function startFakeRegistry(): Promise<FakeRegistry> {
  const stored = new Map<string, Stored>();
  const requests: string[] = [];
  const faults: { readonly path: RegExp; readonly answer: number | Buffer | 'silence' }[] = [];
  const server = createServer(({ url = '', method }, response) => {
    requests.push(url);
    const fault = faults.findLast(({ path: pattern }) => pattern.test(url));
    if (fault?.answer === 'silence') return;
    if (typeof fault?.answer === 'number') return void response.writeHead(fault.answer).end();
    if (url === '/v2/') return void response.writeHead(200).end('{}');
    const found = stored.get(url);
    if (found === undefined)
      return void response.writeHead(404, { 'content-type': 'application/json' }).end(notFound(url));
    response.writeHead(200, { 'content-type': found.type, 'docker-content-digest': digestOf(found.bytes) });
    response.end(method === 'HEAD' ? undefined : (fault?.answer ?? found.bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const put = (repository: string, kind: 'blobs' | 'manifests', type: string, bytes: Buffer) => {
    stored.set(`/v2/${repository}/${kind}/${digestOf(bytes)}`, { type, bytes });
    return { mediaType: type, digest: digestOf(bytes), size: bytes.length };
  };
  const putJson = (repository: string, kind: 'blobs' | 'manifests', type: string, value: unknown) =>
    put(repository, kind, type, Buffer.from(JSON.stringify(value)));
  const putImage = (repository: string, architecture: string, { layers, configuration }: FakeImage) => {
    const descriptors = layers.map((tar) =>
      put(repository, 'blobs', `${OCI}.layer.v1.tar+gzip`, gzipSync(tar, { level: 1 })),
    );
    const config = put(repository, 'blobs', `${OCI}.config.v1+json`, configuration);
    const type = `${OCI}.manifest.v1+json`;
    const manifest = putJson(repository, 'manifests', type, {
      schemaVersion: 2,
      mediaType: type,
      config,
      layers: descriptors,
    });
    return { ...manifest, platform: { architecture, os: 'linux' } };
  };

  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async push(repository, tag, image) {
      const foreign = await fakeImage(
        [[{ type: 'file', path: 'foreign', mode: 0o644, content: Buffer.from('arm64') }]],
        {},
        'arm64',
      );
      const manifests = [putImage(repository, 'arm64', foreign), putImage(repository, 'amd64', image)];
      const type = `${OCI}.index.v1+json`;
      const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: type, manifests }));
      const { digest } = put(repository, 'manifests', type, bytes);
      stored.set(`/v2/${repository}/manifests/${tag}`, { type, bytes });
      return digest;
    },
    misbehave: (path, answer) => void faults.push({ path, answer }),
    behave: () => void faults.splice(0),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

const notFound = (url: string) => {
  const code = url.includes('/manifests/') ? 'MANIFEST_UNKNOWN' : 'BLOB_UNKNOWN';
  return JSON.stringify({ errors: [{ code, message: code.toLowerCase().replace('_', ' ') }] });
};
