import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { thisHost } from '../../../harness/doctor/host.ts';
import { inspectHost } from '../../../harness/doctor/inspect.ts';

test('this host, where every other test runs, is ready', async () => {
  const findings = await inspectHost(thisHost());
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
});

test('a host without its container runtime is found out by really starting a container', async () => {
  const host = thisHost();
  const broken = { ...host, run: (command: readonly [string, ...string[]]) => host.run(command.map((word) => (word === 'runc' ? '/nonexistent' : word)) as [string, ...string[]]) };
  const findings = await inspectHost(broken);
  expect(findings.map(({ name }) => name)).toContain('container-engine');
});

test('the space of a cache that does not exist yet is that of its disk', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'proofgrid-space-'));
  try {
    const free = await thisHost().freeSpace(join(directory, 'not/yet/there'));
    expect(free).toBeGreaterThan(2 ** 20);
  } finally {
    await rm(directory, { recursive: true });
  }
});
