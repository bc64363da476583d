import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { keptLeases, unreleasedLeases } from '../../../harness/cell/kept-leases.ts';
import { reapCommand } from '../../../harness/command/reap.ts';
import type { JournalEvent } from '../../../harness/journal/event.ts';
import { openJournal } from '../../../harness/journal/write.ts';
import type { Lease, Provider } from '../../../harness/provider/contract.ts';
import type { ProviderChoice } from '../../../harness/provider/provider-of.ts';
import { createContainerProvider } from '../../../harness/provider/container/provider.ts';
import { temporaryJournal } from '../journal/sample.ts';

const CELLS = ['one', 'two'].map((cell) => ({ cell, axes: {}, suites: ['lifecycle'] }));
const acquired = (cell: string, lease: string): JournalEvent => ({ type: 'lease-acquired', cell, lease, provider: 'kubevirt', machines: [{ name: 'm1', address: '10.0.0.2' }] });

/** The directory of a run on KubeVirt that was killed: one lease is released, one lives, one has lost a machine. */
function killedRun(provider = 'kubevirt'): string {
  const file = temporaryJournal();
  const journal = openJournal(file);
  journal.write({ type: 'run-started', run: 'r', version: '1', argv: [], provider, site: 'berlin', cells: CELLS });
  for (const event of [acquired('one', 'old'), { type: 'lease-released', cell: 'one', lease: 'old' } as const, acquired('one', 'whole'), acquired('two', 'broken')]) journal.write(event);
  journal.close();
  return path.dirname(file);
}

/** Providers as the command line opens them; what is asked of them is noted. */
function fakes(): { open: (choice: ProviderChoice) => Provider; opened: string[]; released: string[] } {
  const opened: string[] = [];
  const released: string[] = [];
  const lease = (id: string): Lease => ({ id, cell: 'one', machines: [], network: '', properties: {} });
  const open = ({ name, site }: ProviderChoice): Provider => {
    opened.push(`${name} ${site ?? '-'}`);
    return {
      ...createContainerProvider(),
      find: async (id) => (id === 'whole' ? lease(id) : undefined),
      release: async ({ id, machines }) => void released.push(`${name} ${id} ${machines.map((machine) => machine.name).join(',')}`),
      reap: async () => [],
    };
  };
  return { open, opened, released };
}

async function reap(directory: string, open: (choice: ProviderChoice) => Provider, ...words: string[]): Promise<string[]> {
  const said: string[] = [];
  await reapCommand(open, (line) => said.push(line)).parseAsync([directory, ...words], { from: 'user' });
  return said;
}

afterEach(() => {
  process.exitCode = 0;
});

test('a run knows its provider and its site, and which leases can only be released', async () => {
  const { open, opened } = fakes();
  const leases = await unreleasedLeases(killedRun(), undefined, open);
  expect(leases.map(({ lease, whole }) => [lease.id, whole])).toEqual([['whole', true], ['broken', false]]);
  expect(opened).toEqual(['kubevirt berlin']);
  await unreleasedLeases(killedRun('container'), 'lab', open);
  expect(opened[1]).toBe('container lab');
});

test('reap releases the leases of a run by the provider that they came from', async () => {
  const { open, released } = fakes();
  const said = await reap(killedRun(), open);
  expect(released).toEqual(['kubevirt whole ', 'kubevirt broken m1']);
  expect(said).toEqual([
    'removed lease whole of cell one: kept, and dismissed',
    'made sure of the removal of lease broken of cell two: dismissed, and not all of its machines run',
  ]);
});

test('a dry run of it releases nothing', async () => {
  const { open, released } = fakes();
  expect(await reap(killedRun(), open, '--dry-run')).toContain('would remove lease whole of cell one: kept, and dismissed');
  expect(released).toEqual([]);
});

test('a dry run lists a lease once, which is expired as well as kept', async () => {
  const { open } = fakes();
  const expired = async () => ['whole', 'foreign'].map((id) => ({ id, cell: 'one', reason: 'expired' as const, resources: ['volume/v'] }));
  const said = await reap(killedRun(), (choice) => ({ ...open(choice), reap: expired }), '--dry-run');
  expect(said.filter((line) => line.includes('lease whole'))).toEqual(['would remove lease whole of cell one: kept, and dismissed']);
  expect(said).toContain('would remove lease foreign of cell one: expired');
});

test('a run that still goes on keeps its machines', async () => {
  const directory = killedRun();
  const journal = openJournal(path.join(directory, 'journal.jsonl'));
  const { open, released } = fakes();
  await expect(reap(directory, open)).rejects.toThrow('JOURNAL_LOCKED');
  journal.close();
  expect(released).toEqual([]);
});

test('a directory without a journal is no run', async () => {
  const file = temporaryJournal();
  writeFileSync(`${file}.other`, '');
  await expect(keptLeases(path.dirname(file))).rejects.toThrow('NOT_A_RUN_DIRECTORY');
});
