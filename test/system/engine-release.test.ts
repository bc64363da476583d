import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { parseDocument } from 'yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Store } from '../../harness/artifact/cache/store.ts';
import { machineRootRecipe, ROOT_ARCHIVE } from '../../harness/artifact/machine-image/root.ts';
import { defaultCacheDirectory } from '../../harness/artifact/options.ts';
import { containerdReleaseRecipe } from '../../harness/artifact/runtime/containerd.ts';
import { dockerReleaseRecipe } from '../../harness/artifact/runtime/docker.ts';
import { readJournal } from '../../harness/journal/read.ts';
import { replay } from '../../harness/journal/replay.ts';
import { shippedMatrixFile } from '../../harness/matrix/load.ts';
import { leasedResources, newDirectory, proofgrid } from './proofgrid.ts';

// The mirror is a fake: it serves releases made of the engines in Debian's packages. All behind it is what a user gets.
const CONTAINERD = '1.6.20';
const RUNC = '1.1.5';
const DOCKER = '20.10.24';
const progress = { signal: new AbortController().signal, report: (message: string) => process.stderr.write(`${message}\n`) };
const store = new Store(defaultCacheDirectory());

let directory: string;
let server: Server;
let url: string;
let dockerSum: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'proofgrid-mirror-'));
  await makeReleases();
  server = createServer((request, response) => {
    const file = path.join(directory, 'mirror', request.url ?? '');
    stat(file).then(
      () => createReadStream(file).pipe(response),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  // The releases of this mirror are of no use to anybody else.
  const recipes = [
    containerdReleaseRecipe({ type: 'upstream', engine: 'containerd', url, version: CONTAINERD, runc: { url, version: RUNC } }),
    dockerReleaseRecipe({ type: 'upstream', engine: 'docker', url, version: DOCKER, sha256: dockerSum }),
  ];
  for (const recipe of recipes) await rm(path.join(store.directory, 'entries', store.keyOf(recipe)), { recursive: true, force: true });
  await rm(directory, { recursive: true });
});

test('machines without an engine get the one of a release, and all checks pass on it', async () => {
  const matrix = path.join(directory, 'matrix.yaml');
  await writeFile(matrix, await matrixText());
  const runDirectory = await newDirectory('engine-release');
  const { all, exitCode } = await proofgrid(['run', '--tier', 'smoke', '--matrix', matrix, '--run-dir', runDirectory]);
  expect(exitCode, all).toBe(0);

  const { cells } = replay(readJournal(path.join(runDirectory, 'journal.jsonl')).lines);
  expect(cells.map(({ properties }) => [properties['runtime.version'], Object.keys(properties).filter((name) => /^image\.package\.(containerd|docker\.io|runc)$/.test(name))]))
    .toEqual([[CONTAINERD, []], [DOCKER, []]]);
  for (const { phases } of cells) {
    const cases = phases.flatMap((phase) => phase.cases.map(({ name, verdict }) => ({ name, verdict, suite: phase.suite })));
    // It compares what every node reports with the version that the document names.
    expect(cases).toContainEqual({ name: 'nodes-ready', verdict: 'passed', suite: 'e2e' });
  }
  expect(await leasedResources(runDirectory)).toEqual([]);
});

async function matrixText(): Promise<string> {
  const document = parseDocument(await readFile(shippedMatrixFile(), 'utf8'));
  document.setIn(['axes', 'runtime', 'values'], document.createNode([
    'containerd', 'docker',
    { engine: 'containerd', version: CONTAINERD, source: { type: 'upstream', url, runc: { url, version: RUNC } } },
    { engine: 'docker', version: DOCKER, source: { type: 'upstream', url, sha256: dockerSum } },
  ]));
  document.setIn(['tiers', 'smoke', 'axes', 'runtime'], document.createNode([`containerd-${CONTAINERD}`, `docker-${DOCKER}`]));
  return document.toString();
}

async function makeReleases(): Promise<void> {
  const unpacked = path.join(directory, 'packages');
  const mirror = path.join(directory, 'mirror');
  const [containerdAt, runcAt] = [path.join(mirror, `v${CONTAINERD}`), path.join(mirror, `v${RUNC}`)];
  for (const each of [unpacked, containerdAt, runcAt]) await mkdir(each, { recursive: true });
  const from: Record<string, string> = {
    'containerd': 'usr/bin/containerd', 'containerd-shim-runc-v2': 'usr/bin/containerd-shim-runc-v2', 'ctr': 'usr/bin/ctr', 'runc': 'usr/sbin/runc',
    'dockerd': 'usr/sbin/dockerd', 'docker': 'usr/bin/docker', 'docker-proxy': 'usr/sbin/docker-proxy', 'docker-init': 'usr/bin/tini-static',
  };
  const root = await store.obtain(machineRootRecipe('debian-12', 'docker'), progress);
  await execa('tar', ['--extract', '--file', path.join(root.directory, ROOT_ARCHIVE), '--directory', unpacked, ...Object.values(from).map((file) => `./${file}`)]);
  const pack = async (archive: string, folder: string, names: readonly string[]) => {
    await mkdir(path.join(directory, folder));
    for (const name of names) await copyFile(path.join(unpacked, from[name] ?? ''), path.join(directory, folder, name));
    await execa('tar', ['--create', '--use-compress-program=gzip -1', '--file', archive, '--directory', directory, folder]);
  };
  const archive = `containerd-${CONTAINERD}-linux-amd64.tar.gz`;
  await pack(path.join(containerdAt, archive), 'bin', ['containerd', 'containerd-shim-runc-v2', 'ctr']);
  await writeFile(path.join(containerdAt, `${archive}.sha256sum`), `${await sumOf(path.join(containerdAt, archive))}  ${archive}\n`);
  await copyFile(path.join(unpacked, 'usr/sbin/runc'), path.join(runcAt, 'runc.amd64'));
  await writeFile(path.join(runcAt, 'runc.sha256sum'), `${'0'.repeat(64)}  runc.arm64\n${await sumOf(path.join(runcAt, 'runc.amd64'))}  runc.amd64\n`);
  await pack(path.join(mirror, `docker-${DOCKER}.tgz`), 'docker', Object.keys(from));
  dockerSum = await sumOf(path.join(mirror, `docker-${DOCKER}.tgz`));
}

async function sumOf(file: string): Promise<string> {
  return createHash('sha256').update(await readFile(file)).digest('hex');
}
