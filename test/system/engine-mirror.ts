import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { parseDocument } from 'yaml';
import { Store } from '../../harness/artifact/cache/store.ts';
import { machineRootRecipe, ROOT_ARCHIVE } from '../../harness/artifact/machine-image/root.ts';
import { defaultCacheDirectory } from '../../harness/artifact/options.ts';
import { containerdReleaseRecipe } from '../../harness/artifact/runtime/containerd.ts';
import { dockerReleaseRecipe } from '../../harness/artifact/runtime/docker.ts';
import { shippedMatrixFile, shippedVersionsFile } from '../../harness/matrix/load.ts';
import type { RuntimeSource } from '../../harness/matrix/cell.ts';
import type { Runtime } from '../../lifecycle/cluster-deployment.ts';
import { serveFiles } from '../serve-files.ts';

/** Versions of the engines in Debian 12's packages. */
export const VERSIONS: Readonly<Record<Runtime, string>> = { containerd: '1.6.20', docker: '20.10.24' };
const RUNC = '1.1.5';

/** A fake: it serves releases made of the engines in Debian's packages. All behind it is what a user gets. */
export interface EngineMirror {
  /** Path of the shipped matrix with this release as one more runtime. */
  readonly matrix: string;
  /** Name of the release on the axis `runtime`. */
  readonly value: string;
  stop(): Promise<void>;
}

export async function startEngineMirror(engine: Runtime): Promise<EngineMirror> {
  const directory = await mkdtemp(path.join(tmpdir(), 'proofgrid-mirror-'));
  const mirror = path.join(directory, 'mirror');
  const store = new Store(defaultCacheDirectory());
  const sha256 = await makeRelease({ engine, store, mirror, scratch: path.join(directory, 'scratch') });
  const server = await serveFiles(mirror);
  const version = VERSIONS[engine];
  const source = {
    containerd: { type: 'upstream', url: server.url, runc: { url: server.url, version: RUNC } },
    docker: { type: 'upstream', url: server.url, sha256 },
  }[engine];
  const document = parseDocument(await readFile(shippedMatrixFile(), 'utf8'));
  document.addIn(['axes', 'runtime', 'values'], document.createNode({ engine, version, source }));
  const matrix = path.join(directory, 'matrix.yaml');
  await writeFile(matrix, document.toString());
  await copyFile(shippedVersionsFile(), path.join(directory, 'versions.yaml'));
  return {
    matrix,
    value: `${engine}-${version}`,
    async stop() {
      await server.stop();
      // the releases of this mirror are of no use to anybody else
      const release = { ...source, engine, version } as RuntimeSource & { type: 'upstream' };
      const recipe = release.engine === 'docker' ? dockerReleaseRecipe(release) : containerdReleaseRecipe(release);
      await rm(path.join(store.directory, 'entries', store.keyOf(recipe)), { recursive: true, force: true });
      await rm(directory, { recursive: true });
    },
  };
}

interface Release {
  readonly engine: Runtime;
  readonly store: Store;
  readonly mirror: string;
  readonly scratch: string;
}

const FILES: Readonly<Record<string, string>> = {
  'containerd': 'usr/bin/containerd', 'containerd-shim-runc-v2': 'usr/bin/containerd-shim-runc-v2', 'ctr': 'usr/bin/ctr', 'runc': 'usr/sbin/runc',
  'dockerd': 'usr/sbin/dockerd', 'docker': 'usr/bin/docker', 'docker-proxy': 'usr/sbin/docker-proxy', 'docker-init': 'usr/bin/tini-static',
};

/** Resolves with the SHA-256 of the engine's archive. */
async function makeRelease({ engine, store, mirror, scratch }: Release): Promise<string> {
  const progress = { signal: new AbortController().signal, report: (message: string) => process.stderr.write(`${message}\n`) };
  const names = engine === 'docker' ? Object.keys(FILES) : ['containerd', 'containerd-shim-runc-v2', 'ctr', 'runc'];
  const unpacked = path.join(scratch, 'packages');
  await mkdir(unpacked, { recursive: true });
  const root = await store.obtain(machineRootRecipe('debian-12', engine), progress);
  await execa('tar', ['--extract', '--file', path.join(root.directory, ROOT_ARCHIVE), '--directory', unpacked, ...names.map((name) => `./${FILES[name]}`)]);
  const pack = async (archive: string, folder: string, packed: readonly string[]) => {
    await mkdir(path.join(scratch, folder));
    for (const name of packed) await copyFile(path.join(unpacked, FILES[name] ?? ''), path.join(scratch, folder, name));
    await execa('tar', ['--create', '--use-compress-program=gzip -1', '--file', archive, '--directory', scratch, folder]);
    return sumOf(archive);
  };
  if (engine === 'docker') {
    await mkdir(mirror);
    return pack(path.join(mirror, `docker-${VERSIONS.docker}.tgz`), 'docker', names);
  }
  const [containerdAt, runcAt] = [path.join(mirror, `v${VERSIONS.containerd}`), path.join(mirror, `v${RUNC}`)];
  for (const each of [containerdAt, runcAt]) await mkdir(each, { recursive: true });
  const archive = `containerd-${VERSIONS.containerd}-linux-amd64.tar.gz`;
  const sum = await pack(path.join(containerdAt, archive), 'bin', names.filter((name) => name !== 'runc'));
  await writeFile(path.join(containerdAt, `${archive}.sha256sum`), `${sum}  ${archive}\n`);
  await copyFile(path.join(unpacked, FILES['runc'] ?? ''), path.join(runcAt, 'runc.amd64'));
  await writeFile(path.join(runcAt, 'runc.sha256sum'), `${'0'.repeat(64)}  runc.arm64\n${await sumOf(path.join(runcAt, 'runc.amd64'))}  runc.amd64\n`);
  return sum;
}

async function sumOf(file: string): Promise<string> {
  return createHash('sha256').update(await readFile(file)).digest('hex');
}
