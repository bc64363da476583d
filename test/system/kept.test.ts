import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KubeConfig } from '@kubernetes/client-node';
import { parse, stringify } from 'yaml';
import { readJournal } from '../../harness/journal/read.ts';
import { replay } from '../../harness/journal/replay.ts';
import { cellPaths } from '../../harness/cell/run-directory.ts';
import { waitFor } from '../../harness/provider/wait.ts';
import { connect } from '../../harness/suite/e2e/kube-api.ts';
import { packageRoot } from '../../lifecycle/root.ts';
import { freePorts } from '../kubevirt/server-process.ts';
import { leasedResources, newDirectory, proofgrid } from './proofgrid.ts';

/** A matrix whose network is the user's own manifest, and that manifest is wrong. */
async function brokenNetwork(): Promise<string> {
  const file = await newDirectory('matrix.yaml');
  const matrix = parse(await readFile(path.join(packageRoot, 'matrix', 'matrix.yaml'), 'utf8')) as { axes: { network: object }; versions: string };
  matrix.versions = path.join(packageRoot, 'matrix', matrix.versions);
  matrix.axes.network = { ...matrix.axes.network, manifest: 'cni.yaml' };
  await writeFile(file, stringify(matrix));
  await writeFile(path.join(path.dirname(file), 'cni.yaml'), stringify({ apiVersion: 'example.com/v1', kind: 'Unknown', metadata: { name: 'cni' } }));
  return file;
}

describe('a deploy that fails', () => {
  let directory: string;
  let exitCode: number | undefined;
  let output: string;

  beforeAll(async () => {
    directory = await newDirectory('failing');
    const matrix = await brokenNetwork();
    const words = ['run', 'all-in-one', '--matrix', matrix, '--set', 'network=manifest', '--keep', 'failed', '--run-dir', directory];
    ({ exitCode, all: output } = await proofgrid(words));
  });
  afterAll(async () => {
    await proofgrid(['reap', directory]);
  });

  test('is a failure of the product, at its step, with what was expected and observed', async () => {
    expect(exitCode, output).toBe(1);
    const [cell] = replay(readJournal(path.join(directory, 'journal.jsonl')).lines).cells;
    const deploy = cell?.phases.find(({ phase }) => phase === 'deploy');
    const failed = deploy?.cases.filter(({ verdict }) => verdict === 'failed') ?? [];
    expect(failed.map(({ name }) => name)).toEqual(['network-plugin']);
    expect(failed[0]?.observed).toContain('example.com/v1');
    expect(await readFile(path.join(directory, 'junit.xml'), 'utf8')).toContain('<failure');
  });

  test('has its evidence all the same', async () => {
    const [cell = ''] = await readdir(path.join(directory, 'cells'));
    const journal = path.join(directory, 'cells', cell, 'evidence', 'node-1', 'journal.log');
    expect(await readFile(journal, 'utf8')).toContain('kube-apiserver');
  });

  test('leaves its machines, says how to get in, and shell gets in', async () => {
    expect(output).toContain(`proofgrid shell ${directory} node-1`);
    const shell = await proofgrid(['shell', directory, 'node-1', '--', 'printf', '%s', `it's "here" $HOME`]);
    expect(shell.all).toBe(`it's "here" $HOME`);
    const status = await proofgrid(['shell', directory, 'node-1', '--', 'sh', '-c', 'exit 7']);
    expect(status.exitCode).toBe(7);
  });

  test('shell leads a port of this host to its API server, with a certificate for that', async () => {
    const [cell = ''] = await readdir(path.join(directory, 'cells'));
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromFile(path.join(cellPaths(directory, cell).state, 'admin.kubeconfig'));
    const [port = 0] = await freePorts(1);
    const shell = proofgrid(['shell', directory, 'node-1', '--forward', `${port}:6443`]);
    const { signal } = new AbortController();
    const api = connect(kubeConfig, { signal, server: `https://127.0.0.1:${port}` });
    const ready = async () => api.send({ path: '/readyz' }).then(({ body }) => body, String);
    await expect.poll(ready, { timeout: 240_000 }).toBe('ok');
    shell.kill('SIGINT');
    await shell;
    await expect.poll(ready, { timeout: 240_000, message: 'it ends with the shell' }).toMatch(/ECONNREFUSED|ECONNRESET/);
  });

  test('ps tells whose the machines are and where their run lies, and logs prints what they said', async () => {
    const { lines } = readJournal(path.join(directory, 'journal.jsonl'));
    const lease = lines.flatMap((line) => (line.type === 'lease-kept' ? [line.lease] : []))[0] ?? 'none';
    const ps = await proofgrid(['ps']);
    expect(ps.all.split('\n').find((line) => line.startsWith(lease))).toMatch(new RegExp(`kept, .* left .*dead .* ${directory}$`));
    const logs = await proofgrid(['logs', directory, 'node-1']);
    expect(logs.exitCode, logs.all).toBe(0);
    expect(logs.stdout).toMatch(/==> .*node-1\/journal\.log <==\n[^]*kube-apiserver/);
    expect((await proofgrid(['logs', directory, 'network-plugin'])).stdout).toContain('network-plugin: failed');
    const dry = await proofgrid(['reap', '--lease', lease, '--dry-run']);
    expect(dry.all).toBe(`would remove lease ${lease} of cell ${lines.flatMap((line) => (line.type === 'lease-kept' ? [line.cell] : []))[0] ?? ''} with 1 machine`);
  });

  test('reap leaves kept machines alone until their run is named', async () => {
    expect((await proofgrid(['reap'])).exitCode).toBe(0);
    expect(await leasedResources(directory)).not.toEqual([]);
    const reap = await proofgrid(['reap', directory]);
    expect(reap.exitCode, reap.all).toBe(0);
    expect(await leasedResources(directory)).toEqual([]);
    expect((await proofgrid(['ps'])).all).not.toContain(directory);
  });
});

describe('a run that was killed', () => {
  test('goes on with --resume on the machines that still live, and passes', async () => {
    const directory = await newDirectory('resumed');
    const run = proofgrid(['run', 'all-in-one', '--suite', 'lifecycle,e2e', '--run-dir', directory]);
    const journal = path.join(directory, 'journal.jsonl');
    let ended: string | undefined;
    void run.then(({ all }) => (ended = all));
    await waitFor({ name: `the first check in ${journal}`, limitMs: 600_000, intervalMs: 100 }, async () => {
      const text = await readFile(journal, 'utf8').catch(() => '');
      expect(ended, 'the run goes on').toBeUndefined();
      return text.includes('"suite":"e2e"') ? true : undefined;
    });
    run.kill('SIGKILL');
    await run;
    const resumed = await proofgrid(['run', '--resume', directory]);
    expect(resumed.exitCode, resumed.all).toBe(0);
    const { lines } = readJournal(journal);
    expect(lines.filter(({ type }) => type === 'lease-acquired').map((line) => ('lease' in line ? line.lease : ''))).toSatisfy(
      (leases: string[]) => leases.length === 2 && leases[0] === leases[1],
    );
    expect(lines.filter((line) => line.type === 'phase-started' && line.suite === 'lifecycle')).toHaveLength(1);
    expect(await leasedResources(directory)).toEqual([]);
  });
});
