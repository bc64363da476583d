import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dockerArchive } from '../../../../harness/artifact/image/docker-archive.ts';

let directory: string;
beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), 'proofgrid-archive-'))));
afterAll(() => rm(directory, { recursive: true }));

const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');

async function layer(content: string) {
  const file = join(directory, sha256(content).slice(0, 8));
  await writeFile(file, content);
  return { file, sha256: sha256(content) };
}

test('manifest, configuration and layers refer to each other by content', async () => {
  const layers = [await layer('base'), await layer('etcd')];
  const archive = dockerArchive({ reference: 'localhost/proofgrid/x:1', layers, config: { Cmd: ['/x'] } });
  await writeFile(join(directory, 'a.tar'), archive.pack());
  await promisify(execFile)('tar', ['-xf', join(directory, 'a.tar'), '-C', directory]);

  const manifest: unknown = JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8'));
  expect(manifest).toEqual([
    { Config: `${archive.id}.json`, RepoTags: ['localhost/proofgrid/x:1'], Layers: layers.map((one) => `${one.sha256}.tar`) },
  ]);
  const configuration = await readFile(join(directory, `${archive.id}.json`));
  expect(sha256(configuration)).toBe(archive.id);
  expect(JSON.parse(configuration.toString())).toMatchObject({
    architecture: 'amd64', os: 'linux', config: { Cmd: ['/x'] },
    rootfs: { type: 'layers', diff_ids: layers.map((one) => `sha256:${one.sha256}`) },
  });
  expect(await readFile(join(directory, `${sha256('base')}.tar`), 'utf8')).toBe('base');
});

test('the id depends on content and configuration, not on the name', async () => {
  const id = async (reference: string, content: string, command: string) =>
    dockerArchive({ reference, layers: [await layer(content)], config: { Cmd: [command] } }).id;
  const first = await id('a:1', 'base', '/x');
  expect(await id('b:2', 'base', '/x')).toBe(first);
  expect(await id('a:1', 'other', '/x')).not.toBe(first);
  expect(await id('a:1', 'base', '/y')).not.toBe(first);
});
