import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createArtifacts } from '../../../harness/artifact/artifacts.ts';
import type { Artifacts } from '../../../harness/artifact/contract.ts';
import type { Progress } from '../../../harness/provider/contract.ts';

const NAMES = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy', 'kubectl'];
const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');
const script = (says: string) => `#!/bin/sh\necho '${says}'\n`;

let server: Server;
let url: string;
/** Path → content; a path that is missing answers 404, a number answers that status. */
let site: Map<string, string | Buffer | number>;
let requests: string[];
let directory: string;
let artifacts: Artifacts;
const progress: Progress = { signal: new AbortController().signal, report: () => undefined };

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(request.url ?? '');
    const found = site.get(request.url ?? '') ?? 404;
    if (typeof found === 'number') response.writeHead(found).end();
    else response.end(found);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'proofgrid-upstream-'));
  artifacts = createArtifacts({ cacheDirectory: directory });
  requests = [];
  site = new Map();
  for (const name of NAMES) {
    const content = script(name === 'kubelet' ? 'Kubernetes v1.34.1' : name);
    site.set(`/v1.34.1/bin/linux/amd64/${name}`, content);
    site.set(`/v1.34.1/bin/linux/amd64/${name}.sha256`, sha256(content));
  }
});
afterEach(() => rm(directory, { recursive: true }));

const kubernetes = (version = '1.34.1') => artifacts.kubernetes({ type: 'upstream', url: `${url}/`, version }, progress);
const nothingKept = async () => expect(await readdir(join(directory, 'entries'))).toEqual([]);

test('Kubernetes from a mirror, once', async () => {
  const binaries = await kubernetes();
  expect(binaries.version).toBe('1.34.1');
  expect(Object.keys(binaries.sha256).sort()).toEqual([...NAMES].sort());
  expect(binaries.sha256['kubectl']).toBe(sha256(script('kubectl')));
  const { stdout } = await promisify(execFile)(join(binaries.directory, 'kubectl'));
  expect(stdout).toBe('kubectl\n');
  requests = [];
  expect(await kubernetes()).toEqual(binaries);
  expect(requests).toEqual([]);
});

test('a version that the mirror does not have', async () => {
  await expect(kubernetes('1.99.0')).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND', fault: 'usage', message: expect.stringMatching(/answers 404 to http:\/\/127\.0\.0\.1:\d+\/v1\.99\.0\/bin\/linux\/amd64\/kube/) as string });
  await nothingKept();
});

test('a corrupted file', async () => {
  site.set('/v1.34.1/bin/linux/amd64/kube-proxy', 'corrupted');
  await expect(kubernetes()).rejects.toMatchObject({ code: 'ARTIFACT_CHECKSUM_MISMATCH', fault: 'infrastructure', message: expect.stringContaining(sha256('corrupted')) as string });
  await nothingKept();
});

test('a checksum file that is a page', async () => {
  site.set('/v1.34.1/bin/linux/amd64/kubelet.sha256', '<html>sign in</html>');
  await expect(kubernetes()).rejects.toMatchObject({ code: 'ARTIFACT_BAD_CHECKSUM_FILE' });
});

test('a mirror that fails, and one that is not there', async () => {
  site.set('/v1.34.1/bin/linux/amd64/kubelet', 503);
  await expect(kubernetes()).rejects.toMatchObject({ code: 'ARTIFACT_DOWNLOAD_FAILED', fault: 'infrastructure', message: expect.stringContaining('answers 503') as string });
  await expect(artifacts.kubernetes({ type: 'upstream', url: 'http://127.0.0.1:1', version: '1.34.1' }, progress))
    .rejects.toMatchObject({ code: 'ARTIFACT_DOWNLOAD_FAILED', message: expect.stringMatching(/ECONNREFUSED|bad port/) as string });
});

test('a binary that is another version than the mirror says', async () => {
  const content = script('Kubernetes v1.33.0');
  site.set('/v1.34.1/bin/linux/amd64/kubelet', content);
  site.set('/v1.34.1/bin/linux/amd64/kubelet.sha256', sha256(content));
  await expect(kubernetes()).rejects.toThrow(/calls itself "Kubernetes v1.33.0", not v1.34.1/);
  await nothingKept();
});

async function release(version: string, says = version): Promise<Buffer> {
  const name = `etcd-v${version}-linux-amd64`;
  const root = join(directory, 'release');
  await mkdir(join(root, name), { recursive: true });
  await writeFile(join(root, name, 'etcd'), script(`etcd Version: ${says}`), { mode: 0o755 });
  await writeFile(join(root, name, 'etcdctl'), script('etcdctl'), { mode: 0o755 });
  if (!version.startsWith('3.4.')) await writeFile(join(root, name, 'etcdutl'), script('etcdutl'), { mode: 0o755 });
  await promisify(execFile)('tar', ['-czf', join(root, 'a.tgz'), '-C', root, name]);
  return await readFile(join(root, 'a.tgz'));
}

test.each([['3.4.37', ['etcd', 'etcdctl']], ['3.5.21', ['etcd', 'etcdctl', 'etcdutl']]])('etcd %s from a mirror of its releases: %s', async (version, names) => {
  const archive = await release(version);
  site.set(`/v${version}/etcd-v${version}-linux-amd64.tar.gz`, archive);
  site.set(`/v${version}/SHA256SUMS`, `${sha256(archive)}  etcd-v${version}-linux-amd64.tar.gz\n`);
  const etcd = await artifacts.etcd({ type: 'upstream', url, version }, progress);
  expect(etcd.version).toBe(version);
  expect(Object.keys(etcd.sha256)).toEqual(names);
});

test('an etcd release that is not what its name says', async () => {
  const archive = await release('3.5.21', '3.5.20');
  site.set('/v3.5.21/etcd-v3.5.21-linux-amd64.tar.gz', archive);
  site.set('/v3.5.21/SHA256SUMS', `${sha256(archive)}  etcd-v3.5.21-linux-amd64.tar.gz\n`);
  await expect(artifacts.etcd({ type: 'upstream', url, version: '3.5.21' }, progress)).rejects.toThrow(/calls itself 3.5.20, not 3.5.21/);
  await nothingKept();
});

/** An archive with one folder of scripts, each of which says something. */
async function archiveOf(folder: string, says: Readonly<Record<string, string>>): Promise<Buffer> {
  const root = join(directory, 'release');
  await mkdir(join(root, folder), { recursive: true });
  for (const [name, words] of Object.entries(says)) await writeFile(join(root, folder, name), script(words), { mode: 0o755 });
  await promisify(execFile)('tar', ['-czf', join(root, 'a.tgz'), '-C', root, folder]);
  return await readFile(join(root, 'a.tgz'));
}

async function serveContainerd(says: { readonly containerd: string; readonly runc: string }): Promise<void> {
  const archive = await archiveOf('bin', { containerd: `containerd github.com/containerd/containerd ${says.containerd} abc`, 'containerd-shim-runc-v2': '', 'containerd-stress': '', ctr: '' });
  site.set('/v1.7.27/containerd-1.7.27-linux-amd64.tar.gz', archive);
  site.set('/v1.7.27/containerd-1.7.27-linux-amd64.tar.gz.sha256sum', `${sha256(archive)}  containerd-1.7.27-linux-amd64.tar.gz\n`);
  const runc = script(`runc version ${says.runc}`);
  site.set('/runc/v1.2.6/runc.amd64', runc);
  site.set('/runc/v1.2.6/runc.sha256sum', `${sha256('other')}  runc.arm64\n${sha256(runc)}  runc.amd64\n`);
}
const containerd = () =>
  artifacts.runtime({ type: 'upstream', engine: 'containerd', url, version: '1.7.27', runc: { url: `${url}/runc`, version: '1.2.6' } }, progress);

test.each([['v1.7.27', '1.2.6'], ['1.7.27~ds1', '1.2.6+ds1']])('containerd %s with runc %s from mirrors of their releases', async (version, runc) => {
  await serveContainerd({ containerd: version, runc });
  const found = await containerd();
  expect(found.version).toBe('1.7.27');
  expect(Object.keys(found.sha256)).toEqual(['containerd', 'containerd-shim-runc-v2', 'ctr', 'runc']);
  expect((await promisify(execFile)(join(found.directory, 'runc'))).stdout).toContain(runc);
});

test.each([['v1.7.26', '1.2.6'], ['v1.7.27-rc.1', '1.2.6'], ['v1.7.27', '1.2.5']])('containerd %s with runc %s is not what was asked for', async (version, runc) => {
  await serveContainerd({ containerd: version, runc });
  await expect(containerd()).rejects.toThrow(/the mirror's (containerd|runc) calls itself \S+, not 1/);
  await nothingKept();
});

test('a corrupted runc', async () => {
  await serveContainerd({ containerd: 'v1.7.27', runc: '1.2.6' });
  site.set('/runc/v1.2.6/runc.amd64', 'corrupted');
  await expect(containerd()).rejects.toMatchObject({ code: 'ARTIFACT_CHECKSUM_MISMATCH' });
  await nothingKept();
});

/** A mirror's archive of a component, its executables at the root, as upstream packs them. */
async function serveComponent(archive: string, says: Readonly<Record<string, string>>): Promise<void> {
  const root = join(directory, 'component');
  await mkdir(root, { recursive: true });
  for (const [name, words] of Object.entries(says)) await writeFile(join(root, name), `#!/bin/sh\necho '${words}' >&2\n`, { mode: 0o755 });
  await promisify(execFile)('tar', ['-czf', join(directory, 'component.tgz'), '-C', root, '.']);
  const content = await readFile(join(directory, 'component.tgz'));
  site.set(archive, content);
  site.set(`${archive}.sha256`, `${sha256(content)}  ${archive.split('/').at(-1)}\n`);
}

const CNI_ARCHIVE = '/v1.10.0/cni-plugins-linux-amd64-v1.10.0.tgz';
const serveCni = (says: string) => serveComponent(CNI_ARCHIVE, { bridge: says, 'host-local': '', loopback: '', portmap: '', dhcp: '', 'README.md': '' });
const cni = () => artifacts.engineComponent('cni-plugins', { type: 'upstream', url, version: '1.10.0' }, progress);

test('the CNI plugins from a mirror: those that the networks need, by what one of them says', async () => {
  await serveCni('CNI bridge plugin v1.10.0');
  const found = await cni();
  expect(found).toMatchObject({ version: '1.10.0', provenance: { source: 'upstream', url } });
  expect(Object.keys(found.sha256)).toEqual(['bridge', 'host-local', 'loopback', 'portmap']);
});

test('CNI plugins of another version, damaged ones, and a mirror without them', async () => {
  await serveCni('CNI bridge plugin v1.9.1');
  await expect(cni()).rejects.toThrow(/bridge calls itself "1\.9\.1", not 1\.10\.0/);
  site.set(CNI_ARCHIVE, 'corrupted');
  await expect(cni()).rejects.toMatchObject({ code: 'ARTIFACT_CHECKSUM_MISMATCH', fault: 'infrastructure' });
  site.delete(`${CNI_ARCHIVE}.sha256`);
  await expect(cni()).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
  await nothingKept();
});

test('crictl from a mirror', async () => {
  await serveComponent('/v1.37.0/crictl-v1.37.0-linux-amd64.tar.gz', { crictl: 'crictl version 1.37.0' });
  const found = await artifacts.engineComponent('crictl', { type: 'upstream', url, version: '1.37.0' }, progress);
  expect(found).toMatchObject({ version: '1.37.0' });
  expect(Object.keys(found.sha256)).toEqual(['crictl']);
});

const DOCKER_NAMES = ['containerd', 'containerd-shim-runc-v2', 'ctr', 'docker', 'docker-init', 'docker-proxy', 'dockerd', 'runc'];

test('Docker is what the matrix pins, and nothing else', async () => {
  const archive = await archiveOf('docker', { ...Object.fromEntries(DOCKER_NAMES.map((name) => [name, name])), dockerd: 'Docker version 27.5.1, build abc' });
  site.set('/docker-27.5.1.tgz', archive);
  const docker = (sum: string) => artifacts.runtime({ type: 'upstream', engine: 'docker', url, version: '27.5.1', sha256: sum }, progress);
  await expect(docker(sha256('another'))).rejects.toMatchObject({ code: 'ARTIFACT_CHECKSUM_MISMATCH' });
  await nothingKept();
  const found = await docker(sha256(archive));
  expect(found.version).toBe('27.5.1');
  expect(Object.keys(found.sha256)).toEqual(DOCKER_NAMES);
  requests = [];
  expect(await artifacts.runtime({ type: 'upstream', engine: 'docker', url: `${url}/elsewhere`, version: '27.5.1', sha256: sha256(archive) }, progress))
    .toEqual({ ...found, provenance: { source: 'upstream', url: `${url}/elsewhere` } });
  expect(requests).toEqual([]);
});

test('an archive that lacks a part of the engine', async () => {
  const archive = await archiveOf('docker', { dockerd: 'Docker version 27.5.1, build abc' });
  site.set('/docker-27.5.1.tgz', archive);
  await expect(artifacts.runtime({ type: 'upstream', engine: 'docker', url, version: '27.5.1', sha256: sha256(archive) }, progress))
    .rejects.toThrow(/docker\/runc: Not found in archive/);
  await nothingKept();
});

test('an interrupted download leaves nothing', async () => {
  const abort = new AbortController();
  const pending = artifacts.kubernetes({ type: 'upstream', url, version: '1.34.1' }, { signal: abort.signal, report: () => abort.abort() });
  await expect(pending).rejects.toMatchObject({ fault: 'interrupted' });
  await nothingKept();
});
