import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { chooseEngine } from '../../../../harness/artifact/machine-image/engine.ts';
import { CUSTOMIZE } from '../../../../harness/artifact/machine-image/system-files.ts';
import { reportedVersions } from '../../../../harness/artifact/machine-image/root.ts';
import { packagesOf } from '../../../../harness/artifact/machine-image/packages.ts';

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'proofgrid-engine-'))));
afterEach(() => rm(directory, { recursive: true }));

const install = (name: string) => writeFile(join(directory, name), '#!/bin/sh\n', { mode: 0o755 });

test('podman before docker before an error that says what to do', async () => {
  await expect(chooseEngine(`/nonexistent:${directory}`)).rejects.toThrow(/doctor --fix.*ARTIFACT_NO_ENGINE/);
  await install('docker');
  expect(await chooseEngine(`/nonexistent:${directory}`)).toBe('docker');
  await install('podman');
  expect(await chooseEngine(directory)).toBe('podman');
});

test('an image has the packages of its runtime and of no other', () => {
  expect(packagesOf('bookworm', 'containerd')).not.toContain('docker.io');
  expect(packagesOf('bookworm', 'docker')).not.toContain('containerd');
  expect(packagesOf('trixie', 'docker')).toContain('docker-cli');
  expect(packagesOf('bookworm').filter((name) => ['containerd', 'docker.io', 'runc'].includes(name))).toEqual([]);
});

test('the report of an image names what matters, and refuses an image without what was asked for', () => {
  const listing = 'adduser\t3.134\nrunc\t1.1.5\nsystemd\t252\n';
  expect(reportedVersions(listing, ['systemd', 'runc'])).toEqual({ systemd: '252', runc: '1.1.5' });
  expect(() => reportedVersions(listing, ['systemd', 'haproxy', 'keepalived'])).toThrow('lacks haproxy, keepalived');
  expect(() => reportedVersions('', ['systemd'])).toThrow('lacks systemd');
});

test('the customize script is valid shell', async () => {
  await writeFile(join(directory, 'customize'), CUSTOMIZE);
  const { exitCode, stderr } = await execa('sh', ['-n', join(directory, 'customize')], { reject: false });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(await readFile(join(directory, 'customize'), 'utf8')).toContain('systemctl mask');
});
