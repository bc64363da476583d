import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startRun } from '../../../harness/cell/start.ts';
import { readJournal } from '../../../harness/journal/read.ts';
import { replay } from '../../../harness/journal/replay.ts';
import type { Lease, LeaseRequest } from '../../../harness/provider/contract.ts';
import { ProofgridError } from '../../../lifecycle/error.ts';
import { STEPS } from '../../../lifecycle/operation.ts';
import type { RunRequest, RunResult } from '../../../lifecycle/run.ts';
import { disk } from './full-disk.ts';

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const { syncOn } = await import('./full-disk.ts');
  const ours = syncOn(fs);
  return { ...ours, default: ours };
});
vi.mock('node:fs/promises', async (original) => {
  const promises = await original<typeof import('node:fs/promises')>();
  const { asyncOn } = await import('./full-disk.ts');
  const ours = asyncOn(await vi.importActual<typeof import('node:fs')>('node:fs'), promises);
  return { ...ours, default: ours };
});

const leases = new Set<string>();
const provider = {
  name: 'container',
  capacity: async () => ({ cpus: 4, memory: 64 * 2 ** 30, leases: 0 }),
  acquire: async ({ cell, directory }: LeaseRequest): Promise<Lease> => {
    await writeFile(path.join(directory, 'id_ed25519'), 'k'.repeat(400));
    leases.add(cell);
    const files = { identityFile: path.join(directory, 'id_ed25519'), knownHostsFile: path.join(directory, 'known_hosts') };
    return { id: `lease-${cell}`, cell, machines: [{ name: 'm1', address: '10.0.0.2', port: 22, user: 'root', ...files }], network: '10.0.0.0/24', properties: {} };
  },
  heartbeat: async () => undefined,
  release: async ({ cell }: Lease) => void leases.delete(cell),
};
vi.mock('../../../harness/provider/provider-of.ts', () => ({ PROVIDERS: ['container'], providerOf: () => provider }));

const binaries = { directory: '/cache/x', version: '1.36.3', digest: 'd', provenance: {}, sha256: {} };
const image = { name: 'pause', reference: 'pause:1', directory: '/cache/i', file: 'pause.tar', sha256: 's' };
vi.mock('../../../harness/cell/supplies.ts', () => ({
  announce: async () => undefined,
  gather: async () => ({ kubernetes: binaries, etcd: binaries, engineComponents: {}, images: { pause: image, agnhost: image, addOns: {} } }),
  imagesOf: () => [],
}));
vi.mock('../../../harness/matrix/deployment.ts', () => ({ toClusterDeployment: () => ({ spec: {} }), imageSeed: () => ({}), seeded: () => ({}) }));
vi.mock('../../../harness/cell/hosts.ts', () => ({
  hostsOf: () => [{ name: 'm1', roles: ['control-plane'], exec: async () => ({ stdout: 'line\n'.repeat(400), stderr: '', exitCode: 0 }) }],
}));
vi.mock('../../../lifecycle/run-operation.ts', () => ({
  runOperation: async ({ onEvent, stateDirectory, signal }: RunRequest): Promise<RunResult> => {
    const at = '2026-11-23T09:00:00Z';
    for (const step of STEPS) {
      if (signal?.aborted === true) return { outcome: 'aborted', durationMs: 1, changed: 0 };
      onEvent?.({ type: 'step-started', at, step });
      await writeFile(path.join(stateDirectory, `${step}.key`), 's'.repeat(600));
      onEvent?.({ type: 'step-finished', at, step, outcome: 'passed', durationMs: 1, changed: 0 });
    }
    await writeFile(path.join(stateDirectory, 'admin.kubeconfig'), 'apiVersion: v1\n');
    return { outcome: 'passed', durationMs: 9, changed: 0 };
  },
}));

/** Bytes that the journal keeps for its end. */
const RESERVE = 2 ** 20;
const unhandled = vi.fn();

beforeEach(() => {
  leases.clear();
  process.on('unhandledRejection', unhandled);
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  Object.assign(disk, { root: mkdtempSync(path.join(tmpdir(), 'proofgrid-full-')), capacity: Infinity, neighbour: false, peak: 0, refused: 0 });
});
afterEach(() => {
  process.off('unhandledRejection', unhandled);
  vi.restoreAllMocks();
  expect(unhandled).not.toHaveBeenCalled();
  disk.capacity = Infinity;
  rmSync(disk.root, { recursive: true, force: true });
});

async function run(): Promise<{ exitCode: number | undefined; error: unknown }> {
  const request = { names: ['all-in-one'], set: [], suites: ['lifecycle'], keep: 'never', argv: ['run'], directory: path.join(disk.root, 'run'), signal: new AbortController().signal } as const;
  return startRun(request).then((exitCode) => ({ exitCode, error: undefined }), (error: unknown) => ({ exitCode: undefined, error }));
}

function recorded() {
  const content = readJournal(path.join(disk.root, 'run', 'journal.jsonl'));
  return { ...content, record: replay(content.lines, { torn: content.torn }) };
}

/** Bytes of everything that a run writes, but for the room that it keeps; known once the first test has run. */
let written = 0;

test('with room enough the run passes', async () => {
  expect(await run()).toEqual({ exitCode: 0, error: undefined });
  expect(recorded().record.verdict).toBe('passed');
  written = disk.peak - RESERVE;
  expect(written).toBeGreaterThan(20_000);
});

const MOMENTS = Array.from({ length: 10 }, (_, index) => index + 0.5);

test.each(MOMENTS)('a disk that fills up after %s tenths of a run is one infrastructure error, told in the journal, and leaves no machine', async (moment) => {
  disk.capacity = RESERVE + Math.floor((written * moment) / 10);
  const { exitCode, error } = await run();
  expect(disk.refused).toBeGreaterThan(0);
  expect([...leases]).toEqual([]);
  expect(error === undefined ? exitCode : (error as ProofgridError).fault).toBe(error === undefined ? 3 : 'infrastructure');
  const { torn, unreadable, record } = recorded();
  expect({ torn, unreadable }).toEqual({ torn: false, unreadable: [] });
  expect(record).toMatchObject({ verdict: 'errored', exitCode: 3, finished: true });
  const texts = [record.reason, ...record.cells.map(({ reason }) => reason), ...record.cells.flatMap(({ phases }) => phases.flatMap(({ cases }) => cases.map(({ message }) => message)))];
  expect(texts.filter((text) => text?.includes('; make room on ')).length).toBeGreaterThan(0);
  expect(texts.filter((text) => text?.includes('please report it'))).toEqual([]);
});

test.each(MOMENTS)('the same after %s tenths, where a neighbour takes every byte that is freed', async (moment) => {
  disk.capacity = RESERVE + Math.floor((written * moment) / 10);
  disk.neighbour = true;
  const { exitCode, error } = await run();
  expect([...leases]).toEqual([]);
  expect(error === undefined ? exitCode : (error as ProofgridError).fault).toBe(error === undefined ? 3 : 'infrastructure');
  const { torn, unreadable, record } = recorded();
  expect({ torn, unreadable }).toEqual({ torn: false, unreadable: [] });
  expect(record.verdict).not.toBe('passed');
});

test('without room for the end of a journal, nothing is started', async () => {
  disk.capacity = RESERVE - 1;
  const { error } = await run();
  expect(error).toMatchObject({ code: 'JOURNAL_WRITE_INCOMPLETE', fault: 'infrastructure' });
  expect([...leases]).toEqual([]);
});
