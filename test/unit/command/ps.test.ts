import { mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { knownRuns } from '../../../harness/cell/known-runs.ts';
import { psCommand } from '../../../harness/command/ps.ts';
import { createContainerProvider } from '../../../harness/provider/container/provider.ts';
import type { LeaseSummary } from '../../../harness/provider/contract.ts';
import { temporaryDirectory } from '../journal/sample.ts';

const NOW = Date.parse('2026-11-27T20:00:00Z');
const LEASE: LeaseSummary = {
  id: '0123456789ab',
  cell: 'small-1a2b3c4d',
  run: '20261127-195000-a1b2c3',
  machines: ['control-plane-1', 'worker-1'],
  owner: { pid: 4711, state: 'alive' },
  created: new Date('2026-11-27T19:50:00Z'),
  expires: new Date('2026-11-27T20:05:00Z'),
  kept: false,
};

async function ps(leases: LeaseSummary[], ...words: string[]): Promise<string> {
  const runs = knownRuns(path.join(temporaryDirectory(), 'runs'));
  const directory = mkdtempSync(path.join(temporaryDirectory(), 'run-'));
  writeFileSync(path.join(directory, 'journal.jsonl'), '');
  runs.remember('20261127-195000-a1b2c3', directory);
  let text = '';
  const command = psCommand({ open: () => ({ ...createContainerProvider(), list: async () => leases }), runs, now: () => NOW });
  await command.configureOutput({ writeOut: (part) => (text += part) }).parseAsync(words, { from: 'user' });
  return text.replaceAll(directory, 'DIR');
}

test('a lease has its cell, state, owner, age, machines and run directory', async () => {
  expect(await ps([LEASE])).toBe(
    [
      'LEASE         CELL            STATE   OWNER           AGE          MACHINES  RUN',
      '0123456789ab  small-1a2b3c4d  in use  pid 4711 alive  10 min 00 s  2         DIR',
      '',
    ].join('\n'),
  );
});

test.each([
  [{ kept: true, owner: { pid: 1, state: 'dead' } }, 'kept, 5 min 00 s left'],
  [{ owner: { pid: 1, state: 'dead' } }, 'orphaned'],
  [{ owner: { pid: 1, state: 'unknown' } }, 'expires in 5 min 00 s'],
  [{ kept: true, expires: new Date(NOW), owner: { pid: 1, state: 'dead' } }, 'expired'],
  [{ expires: new Date(0) }, 'in use'],
] satisfies [Partial<LeaseSummary>, string][])('%o is %s', async (part, state) => {
  expect(await ps([{ ...LEASE, ...part }])).toContain(`  ${state}  `);
});

test('a run of somebody else is called by its name', async () => {
  expect(await ps([{ ...LEASE, run: '20261127-100000-ffffff' }])).toMatch(/ 20261127-100000-ffffff\n$/);
});

test('none is said, and programs get JSON', async () => {
  expect(await ps([])).toBe('no leases\n');
  expect(JSON.parse(await ps([LEASE], '--format', 'json'))).toMatchObject([{ id: '0123456789ab', directory: 'DIR', owner: { state: 'alive' } }]);
});
