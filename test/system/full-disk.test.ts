import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readJournal } from '../../harness/journal/read.ts';
import { isDiskFull } from '../../lifecycle/disk-full.ts';
import { waitFor } from '../../harness/provider/wait.ts';
import { leasedResources, proofgrid } from './proofgrid.ts';

/** Far more than a run writes: who fills the disk is the test. */
const SIZE = '32m';
let mount: string;

beforeEach(async () => {
  mount = await mkdtemp(path.join(tmpdir(), 'proofgrid-full-'));
  await execa('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', mount]);
});
afterEach(async () => {
  await execa('umount', ['--lazy', mount]);
  await rm(mount, { recursive: true, force: true });
});

/** Takes every byte that is left. */
async function fill(): Promise<void> {
  for (let index = 0; ; index += 1) {
    const full = await writeFile(path.join(mount, `filler-${index}`), Buffer.alloc(64 * 1024)).then(() => false, isDiskFull);
    if (full) return;
  }
}

// in the machines' start, in the middle of the deploy, and while its nodes start: what comes after that fits into blocks that are begun
test.for([12, 70, 110])('a disk that is full after %i lines of the journal is one infrastructure error, and leaves no machine', async (lines) => {
  const directory = path.join(mount, 'run');
  const run = proofgrid(['run', 'all-in-one', '--suite', 'lifecycle', '--run-dir', directory]);
  await waitFor({ name: `${lines} lines in the journal`, limitMs: 600_000, intervalMs: 20 }, async () => {
    const journal = await readFile(path.join(directory, 'journal.jsonl'), 'utf8').catch(() => '');
    return journal.split('\n').length > lines ? true : undefined;
  });
  await fill();
  const { exitCode, stderr, all } = await run;
  expect(exitCode, all).toBe(3);
  expect(stderr.split('\n').filter((line) => line.startsWith('proofgrid: ')).length, all).toBeLessThanOrEqual(1);
  expect(all).not.toMatch(/this is a bug|^ {4}at /m);
  expect(await leasedResources(directory)).toEqual([]);
  const { torn, unreadable, lines: journalled } = readJournal(path.join(directory, 'journal.jsonl'));
  expect({ torn, unreadable }).toEqual({ torn: false, unreadable: [] });
  expect(journalled.at(-1)).toMatchObject({ type: 'run-finished', verdict: 'errored', exitCode: 3 });
});
