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
  await promisify(execFile)('tar', ['-czf', join(root, 'a.tgz'), '-C', root, name]);
  return await readFile(join(root, 'a.tgz'));
}

test('etcd from a mirror of its releases', async () => {
  const archive = await release('3.5.21');
  site.set('/v3.5.21/etcd-v3.5.21-linux-amd64.tar.gz', archive);
  site.set('/v3.5.21/SHA256SUMS', `${sha256(archive)}  etcd-v3.5.21-linux-amd64.tar.gz\n`);
  const etcd = await artifacts.etcd({ type: 'upstream', url, version: '3.5.21' }, progress);
  expect(etcd.version).toBe('3.5.21');
  expect(Object.keys(etcd.sha256)).toEqual(['etcd', 'etcdctl']);
});

test('an etcd release that is not what its name says', async () => {
  const archive = await release('3.5.21', '3.5.20');
  site.set('/v3.5.21/etcd-v3.5.21-linux-amd64.tar.gz', archive);
  site.set('/v3.5.21/SHA256SUMS', `${sha256(archive)}  etcd-v3.5.21-linux-amd64.tar.gz\n`);
  await expect(artifacts.etcd({ type: 'upstream', url, version: '3.5.21' }, progress)).rejects.toThrow(/calls itself 3.5.20, not 3.5.21/);
  await nothingKept();
});

test('an interrupted download leaves nothing', async () => {
  const abort = new AbortController();
  const pending = artifacts.kubernetes({ type: 'upstream', url, version: '1.34.1' }, { signal: abort.signal, report: () => abort.abort() });
  await expect(pending).rejects.toMatchObject({ fault: 'interrupted' });
  await nothingKept();
});
