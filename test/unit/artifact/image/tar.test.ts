import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packTar, type Member } from '../../../../harness/artifact/image/tar.ts';

let directory: string;
beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), 'proofgrid-tar-'))));
afterAll(() => rm(directory, { recursive: true }));

const pack = (members: readonly Member[]) => buffer(Readable.from(packTar(members)));

test('GNU tar reads what was packed, with modes, links and content', async () => {
  const source = join(directory, 'source');
  await writeFile(source, Buffer.alloc(70_001, 'x'));
  const archive = join(directory, 'a.tar');
  await writeFile(archive, await pack([
    { type: 'directory', path: 'bin', mode: 0o755 },
    { type: 'directory', path: 'tmp', mode: 0o1777 },
    { type: 'copy', path: 'bin/busybox', mode: 0o755, source },
    { type: 'link', path: 'bin/sh', target: 'busybox' },
    { type: 'file', path: 'empty', mode: 0o644, content: Buffer.alloc(0) },
    { type: 'file', path: 'exact', mode: 0o600, content: Buffer.alloc(512, 'y') },
  ]));
  await promisify(execFile)('tar', ['--extract', '--preserve-permissions', '--no-same-owner', '--file', archive, '--directory', directory]);
  expect(await readFile(join(directory, 'bin/busybox'), 'utf8')).toBe('x'.repeat(70_001));
  expect((await stat(join(directory, 'bin/busybox'))).mode & 0o7777).toBe(0o755);
  expect((await stat(join(directory, 'tmp'))).mode & 0o7777).toBe(0o1777);
  expect(await readlink(join(directory, 'bin/sh'))).toBe('busybox');
  expect((await stat(join(directory, 'empty'))).size).toBe(0);
  expect(await readFile(join(directory, 'exact'), 'utf8')).toBe('y'.repeat(512));
});

test('equal members give equal bytes, whatever the time of their files', async () => {
  const members = async (name: string): Promise<Member[]> => {
    await writeFile(join(directory, name), 'same');
    return [{ type: 'copy', path: 'file', mode: 0o644, source: join(directory, name) }];
  };
  const first = await pack(await members('one'));
  expect(first.equals(await pack(await members('two')))).toBe(true);
  expect(first.length % 512).toBe(0);
});

test('what ustar cannot hold is refused, not cut off', async () => {
  await expect(pack([{ type: 'directory', path: 'd'.repeat(100), mode: 0o755 }])).rejects.toThrow('too long for ustar');
  await expect(pack([{ type: 'link', path: 'l', target: 't'.repeat(101) }])).rejects.toThrow('too long for ustar');
});
