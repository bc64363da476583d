import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hashFile } from '../../../harness/artifact/cache/manifest.ts';
import { dockerArchive } from '../../../harness/artifact/image/docker-archive.ts';
import { packTar } from '../../../harness/artifact/image/tar.ts';
import { mountedDirectories, pruneImages } from '../../../harness/artifact/machine-image/prune.ts';

// podman's own images and containers, with a cache directory that knows only this one image.
const digest = randomUUID().replaceAll('-', '');
const reference = `localhost/proofgrid/machine:${digest}`;
const container = `proofgrid-test-prune-${digest.slice(0, 8)}`;
const DAY = 86_400_000;
const before = new Date(Date.now() - DAY);
const exists = async () => (await execa('podman', ['image', 'exists', reference], { reject: false })).exitCode === 0;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'proofgrid-prune-'));
  const layer = join(directory, 'layer.tar');
  await writeFile(layer, Buffer.concat(await Readable.from(packTar([{ type: 'file', path: digest, mode: 0o644, content: Buffer.from(digest) }])).toArray() as Buffer[]));
  const archive = dockerArchive({ reference, layers: [{ file: layer, sha256: await hashFile(layer) }], config: { Cmd: ['/none'] } });
  await execa('podman', ['load'], { input: Readable.from(archive.pack()) });
  await mkdir(join(directory, 'locks'));
});
afterAll(async () => {
  await execa('podman', ['rm', '--force', container], { reject: false });
  await execa('podman', ['rmi', reference], { reject: false });
  await rm(directory, { recursive: true });
});

const prune = (dryRun: boolean) => pruneImages('podman', { directory, before, dryRun });

test('a machine image goes when it is ours, old, and no machine has it', async () => {
  expect(await prune(false)).toEqual([]);
  const lock = join(directory, 'locks', `load-${digest}.lock`);
  await writeFile(lock, '');
  expect(await prune(false)).toEqual([]);

  // whole seconds: every file system keeps those
  const long = new Date(Math.floor(Date.now() / 1000) * 1000 - 100 * DAY);
  await utimes(lock, long, long);
  await execa('podman', ['create', '--name', container, '--volume', `${directory}:/seed:ro`, reference]);
  expect(await mountedDirectories('podman')).toContain(directory);
  expect(await prune(false)).toEqual([]);
  await execa('podman', ['rm', container]);

  expect(await prune(true)).toEqual([{ name: reference, lastUsed: long }]);
  expect(await exists()).toBe(true);
  expect(await prune(false)).toEqual([{ name: reference, lastUsed: long }]);
  expect(await exists()).toBe(false);
});
