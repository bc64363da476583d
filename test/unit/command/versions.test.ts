import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { versionsCommand } from '../../../harness/command/versions.ts';
import { SHIPPED } from '../matrix/shipped.ts';
import { outputOf } from './output.ts';

// The proxy and the download site are fakes of the network: they answer what real ones were seen to answer.
const KUBERNETES = ['v1.34.0', 'v1.34.4', 'v1.35.4', 'v1.36.3', 'v1.37.0-rc.1', 'v1.37.2'];
const answers: Record<string, string> = {};
let server: Server;
let address: string;
let directory: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const answer = answers[request.url ?? ''];
    response.writeHead(answer === undefined ? 404 : 200).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  directory = await mkdtemp(path.join(tmpdir(), 'proofgrid-versions-'));
  await writeFile(path.join(directory, 'matrix.yaml'), SHIPPED);
  await writeFile(path.join(directory, 'versions.yaml'), (await readFile('matrix/versions.yaml', 'utf8')).replace('https://dl.k8s.io/release', `${address}/release/`));
});

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true });
});

afterEach(() => {
  vi.unstubAllEnvs();
  process.exitCode = undefined;
  for (const url of Object.keys(answers)) Reflect.deleteProperty(answers, url);
});

function serve({ kubernetes = KUBERNETES, etcd = ['v3.6.16', 'v3.7.3'], containerd = ['v2.4.2'] }: { kubernetes?: string[]; etcd?: string[]; containerd?: string[] } = {}): void {
  vi.stubEnv('GOPROXY', `${address}/,direct`);
  Object.assign(answers, {
    '/k8s.io/kubernetes/@v/list': `${kubernetes.join('\n')}\n`,
    '/go.etcd.io/etcd/server/v3/@v/list': `${etcd.join('\n')}\n`,
    '/github.com/containerd/containerd/v2/@v/list': `${containerd.join('\n')}\n`,
    ...Object.fromEntries([34, 35, 36, 37].map((minor) => [`/release/stable-1.${minor}.txt`, `${KUBERNETES.findLast((version) => version.startsWith(`v1.${minor}.`))}\n`])),
  });
}

const versions = (day: string, ...words: string[]) => outputOf(versionsCommand(() => new Date(day)), words);
const lastLines = (printed: string) => printed.trimEnd().split('\n\n').at(-1)?.split('\n');
const own = () => ['--matrix', path.join(directory, 'matrix.yaml')];

test('the table says until when each version is supported, and what it needs', async () => {
  const lines = (await versions('2026-11-27')).split('\n');
  expect(lines[0]).toMatch(/^KUBERNETES +SOURCE +RELEASED +MAINTENANCE +END OF LIFE +STATE +NEEDS$/);
  expect(lines.find((line) => line.startsWith('1.20.2+deb12u1'))).toMatch(/debian-source +2021-01-13 +2021-12-28 +2022-02-28 +out of support \(kept\) +etcd >=3\.4 <3\.7, containerd >=1\.4 <2\.0, docker >=19\.03, /);
  expect(lines.find((line) => line.startsWith('1.37.2'))).toMatch(/go-module +2026-10-27 +2027-08-28 +2027-10-28 +supported +etcd .*coredns 1\.14\.6.*crictl 1\.37\.0.*kubelet -3$/);
  expect(lines.find((line) => line.startsWith('containerd '))).toMatch(/ 2\.4\.2 +go-module +runc 1\.4\.0, cni-plugins 1\.10\.0$/);
  expect(lines.at(-2)).toBe('matrix/versions.yaml on 2026-11-27; releases come from go-module');
});

test.each([
  ['2026-08-27', '1.34.4', 'supported'],
  ['2026-08-28', '1.34.4', 'maintenance'],
  ['2026-10-27', '1.34.4', 'maintenance'],
  ['2026-10-28', '1.34.4', 'out of support'],
])('on %s %s is %s', async (day, version, state) => {
  const { kubernetes } = JSON.parse(await versions(day, '--format', 'json')) as { kubernetes: { version: string; state: string }[] };
  expect(kubernetes.find((row) => row.version === version)?.state).toBe(state);
});

test('all is well while everything is supported and nothing is newer', async () => {
  serve();
  expect(lastLines(await versions('2026-10-27', '--check'))).toEqual(['all is well']);
  expect(process.exitCode).toBe(0);
});

test('what is out of support is said, but not of a row that is kept', async () => {
  serve();
  expect(lastLines(await versions('2027-03-01', '--check'))).toEqual([
    'Kubernetes 1.34.4 is out of support since 2026-10-27: take its row away, or say in it why it is kept (support.kept)',
    'Kubernetes 1.35.4 is out of support since 2027-02-28: take its row away, or say in it why it is kept (support.kept)',
  ]);
  expect(process.exitCode).toBe(1);
});

test('newer patches of the module proxy are said with the row to add; candidates and other minors are not', async () => {
  serve({ kubernetes: [...KUBERNETES, 'v1.37.10', 'v1.37.9', 'v1.37.11-rc.0', 'v1.38.0'], etcd: ['v3.6.16', 'v3.6.17'] });
  expect(lastLines(await versions('2026-10-27', '--check'))).toEqual([
    'kubernetes 1.37.10 is out, and the newest row of its minor is 1.37.2: add { version: "1.37.10" }',
    'etcd 3.6.17 is out, and the newest row of its minor is 3.6.16: add { version: "3.6.17" }',
  ]);
  expect(process.exitCode).toBe(1);
});

test('the download site is asked for each minor when releases come from there', async () => {
  serve();
  answers['/release/stable-1.36.txt'] = 'v1.36.5\n';
  expect(lastLines(await versions('2026-10-27', '--check', '--source', 'upstream', ...own()))).toEqual([
    'kubernetes 1.36.5 is out, and the newest row of its minor is 1.36.3: add { version: "1.36.5" }',
  ]);
  expect(process.exitCode).toBe(1);
});

test('JSON has what was found beside the rows', async () => {
  serve({ containerd: ['v2.4.3'] });
  expect(JSON.parse(await versions('2026-10-27', '--check', '--format', 'json'))).toMatchObject({
    kind: 'VersionsOverview',
    date: '2026-10-27',
    containerd: [{ version: '2.4.2', source: 'go-module', runc: '1.4.0' }],
    check: { outOfSupport: [], newer: [{ component: 'containerd', row: '2.4.2', newer: '2.4.3' }] },
  });
  expect(process.exitCode).toBe(1);
});

test.each([
  ['a proxy that does not have the module', () => vi.stubEnv('GOPROXY', address), /answers 404 to http.*\/k8s\.io\/kubernetes\/@v\/list/],
  ['a proxy that does not answer', () => vi.stubEnv('GOPROXY', 'http://127.0.0.1:1'), /cannot download http:\/\/127\.0\.0\.1:1\//],
  ['no proxy', () => vi.stubEnv('GOPROXY', 'off'), /^GOPROXY \(off\) names no module proxy/],
])('%s is an infrastructure error', async (_name, prepare, what) => {
  prepare();
  await expect(versions('2026-10-27', '--check')).rejects.toMatchObject({ code: 'VERSIONS_SOURCE_UNREACHABLE', fault: 'infrastructure', message: expect.stringMatching(what) as string });
});

test('a download site without the minor is an infrastructure error', async () => {
  await expect(versions('2026-10-27', '--check', '--source', 'upstream', ...own())).rejects.toMatchObject({ code: 'VERSIONS_SOURCE_UNREACHABLE', fault: 'infrastructure' });
});
