import { copyFile, link, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { parseDocument } from 'yaml';
import { createArtifacts } from '../../harness/artifact/artifacts.ts';
import { hashFile } from '../../harness/artifact/cache/manifest.ts';
import { Store } from '../../harness/artifact/cache/store.ts';
import type { Binaries } from '../../harness/artifact/contract.ts';
import { pulledImageRecipe } from '../../harness/artifact/registry/pulled-image.ts';
import { upstreamEtcdRecipe } from '../../harness/artifact/etcd/upstream.ts';
import { upstreamKubernetesRecipe } from '../../harness/artifact/kubernetes/upstream.ts';
import { defaultCacheDirectory } from '../../harness/artifact/options.ts';
import { addOnImagesOf, imageSourcesOf, type ImageName, type ImageSources } from '../../harness/matrix/images.ts';
import { shippedMatrixFile } from '../../harness/matrix/load.ts';
import { parseVersions, withSource } from '../../harness/matrix/versions/table.ts';
import type { Cell } from '../../harness/matrix/cell.ts';
import { defaultCell } from '../default-cell.ts';
import { imageOfArchive, startFakeRegistry, type FakeRegistry } from '../fake-registry.ts';
import { progress } from '../integration/artifact/boot.ts';
import { serveFiles } from '../serve-files.ts';

/** Beside the matrix file, which names it. */
const VERSIONS = 'versions.yaml';

/** A mirror laid out as the upstream sites, and a fake registry, with the binaries and images of the default cell. */
export interface ReleaseMirror {
  /** Path of the shipped matrix whose versions come from this mirror when upstream is asked for. */
  readonly matrix: string;
  stop(): Promise<void>;
}

export async function startReleaseMirror(): Promise<ReleaseMirror> {
  const directory = await mkdtemp(path.join(tmpdir(), 'proofgrid-mirror-'));
  const cell = await defaultCell();
  const { sources } = cell;
  const artifacts = createArtifacts();
  const kubernetes = await artifacts.kubernetes(sources.kubernetes, progress);
  const etcd = await artifacts.etcd(sources.etcd, progress);
  await publishKubernetes(path.join(directory, 'mirror', 'kubernetes'), kubernetes);
  await publishEtcd(path.join(directory, 'mirror', 'etcd'), etcd);
  const server = await serveFiles(path.join(directory, 'mirror'));
  const mirrors = { kubernetes: `${server.url}/kubernetes`, etcd: `${server.url}/etcd` };
  const shipped = path.join(path.dirname(shippedMatrixFile()), VERSIONS);
  const versions = parseDocument(await readFile(shipped, 'utf8'));
  for (const [component, url] of Object.entries(mirrors)) versions.setIn(['mirrors', component], url);
  const registry = await startFakeRegistry();
  for (const host of ['registry.k8s.io', 'docker.io', 'ghcr.io']) {
    versions.setIn(['images', 'registries', host], `http://${registry.host}`);
  }
  const table = withSource(parseVersions(versions.toString(), VERSIONS), 'upstream');
  const images = imageSourcesOf(table, cell.addOns) ?? {};
  await publishImages(registry, directory, cell, images);
  await writeFile(path.join(directory, VERSIONS), versions.toString());
  const matrix = path.join(directory, 'matrix.yaml');
  await copyFile(shippedMatrixFile(), matrix);
  return {
    matrix,
    async stop() {
      await server.stop();
      await registry.stop();
      // what came from this mirror is of no use to anybody else
      const store = new Store(defaultCacheDirectory());
      const recipes = [
        upstreamKubernetesRecipe({ type: 'upstream', url: mirrors.kubernetes, version: kubernetes.version }),
        upstreamEtcdRecipe({ type: 'upstream', url: mirrors.etcd, version: etcd.version }),
        ...Object.entries(images).map(([name, source]) => pulledImageRecipe(name as ImageName, source)),
      ];
      for (const recipe of recipes) await rm(path.join(store.directory, 'entries', store.keyOf(recipe)), { recursive: true, force: true });
      await rm(directory, { recursive: true });
    },
  };
}

/** Where the versions file has them; what has no row there is built. */
async function publishImages(
  registry: FakeRegistry,
  directory: string,
  { addOns }: Cell,
  sources: ImageSources,
): Promise<void> {
  const artifacts = createArtifacts();
  const made = [
    ...Object.values(await artifacts.images(progress)),
    ...(await Promise.all(addOnImagesOf(addOns).map((wanted) => artifacts.addOnImage(wanted, progress)))),
  ];
  for (const { name, directory: built, file } of made) {
    const source = sources[name as ImageName];
    if (source === undefined) continue;
    const scratch = await mkdtemp(path.join(directory, `${name}-`));
    const image = await imageOfArchive(path.join(built, file), scratch);
    await registry.push(new URL(source.image.url).pathname.slice(1), source.image.tag, image);
    await rm(scratch, { recursive: true });
  }
}

async function publishKubernetes(root: string, { version, directory, sha256 }: Binaries): Promise<void> {
  const target = path.join(root, `v${version}`, 'bin', 'linux', 'amd64');
  await mkdir(target, { recursive: true });
  for (const [name, sum] of Object.entries(sha256)) {
    await linkOrCopy(path.join(directory, name), path.join(target, name));
    await writeFile(path.join(target, `${name}.sha256`), sum);
  }
}

async function publishEtcd(root: string, { version, directory, sha256 }: Binaries): Promise<void> {
  const release = `etcd-v${version}-linux-amd64`;
  const [target, packed] = [path.join(root, `v${version}`), path.join(root, 'packed')];
  for (const each of [target, path.join(packed, release)]) await mkdir(each, { recursive: true });
  for (const name of Object.keys(sha256)) await linkOrCopy(path.join(directory, name), path.join(packed, release, name));
  const archive = path.join(target, `${release}.tar.gz`);
  await execa('tar', ['--create', '--use-compress-program=gzip -1', '--file', archive, '--directory', packed, release]);
  await writeFile(path.join(target, 'SHA256SUMS'), `${await hashFile(archive)}  ${release}.tar.gz\n`);
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => copyFile(from, to));
}
