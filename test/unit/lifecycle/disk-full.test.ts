import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type * as FsPromises from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { blameDisk } from '../../../lifecycle/conclude-run.ts';
import { fullDirectory, isDiskFull, tellsOfFullDisk, withFullDiskExplained } from '../../../lifecycle/disk-full.ts';

const GIB = 2 ** 30;
const facts: Record<string, { blocks: number; bavail: number; bsize: number; files: number; ffree: number }> = {
  '/roomy': { blocks: 100, bavail: GIB / 4096, bsize: 4096, files: 10, ffree: 5 },
  '/full': { blocks: 100, bavail: 12, bsize: 4096, files: 10, ffree: 5 },
  '/no-inodes': { blocks: 100, bavail: GIB / 4096, bsize: 4096, files: 10, ffree: 0 },
  '/btrfs': { blocks: 100, bavail: GIB / 4096, bsize: 4096, files: 0, ffree: 0 },
  '/proc': { blocks: 0, bavail: 0, bsize: 4096, files: 0, ffree: 0 },
};
vi.mock('node:fs/promises', async (original) => ({
  ...(await original<typeof FsPromises>()),
  statfs: (directory: string) => (facts[directory] === undefined ? Promise.reject(new Error('ENOENT')) : Promise.resolve(facts[directory])),
}));

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'proofgrid-disk-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('what the system says of a full disk becomes one infrastructure error; all else stays', async () => {
  const cause = await writeFile('/dev/full', 'x').then(() => undefined, (error: unknown) => error);
  expect(isDiskFull(cause)).toBe(true);
  expect(withFullDiskExplained(cause)).toMatchObject({
    code: 'DISK_FULL',
    fault: 'infrastructure',
    message: 'a disk is full: ENOSPC: no space left on device, write; make room on it, for instance with proofgrid doctor --prune, and run this again [DISK_FULL]',
  });
  const other = new Error('EACCES');
  expect(withFullDiskExplained(other)).toBe(other);
});

test.each([
  ["OSError: [Errno 28] No space left on device: '/state/ca.key'", true],
  ['write /root/x: no space left on device', true],
  ['cp: error writing: Disk quota exceeded', true],
  ['kubelet: eviction manager: must evict pods to reclaim ephemeral-storage', false],
])('%s: %s', (text, expected) => {
  expect(tellsOfFullDisk(text)).toBe(expected);
});

test.each([[['/roomy', '/full'], '/full'], [['/no-inodes'], '/no-inodes'], [['/roomy', '/btrfs', '/proc', '/missing'], undefined]])('%j: %s is full', async (directories, expected) => {
  expect(await fullDirectory(directories)).toBe(expected);
});

const failure = { step: 'etcd', task: 'Write keys', host: 'm1', message: 'MODULE FAILURE' };

test.each(['failed', 'errored', 'timed-out'] as const)('an operation that %s beside a full disk is errored, and says which', async (outcome) => {
  expect(await blameDisk({ outcome, failure }, ['/roomy', '/full'])).toEqual({
    outcome: 'errored',
    failure: { ...failure, message: expect.stringMatching(/^the disk of \/full is full; .* \[DISK_FULL\]: MODULE FAILURE$/) as string },
  });
});

test('a full disk of a machine stays the failure that it is, and one that named our directory does not', async () => {
  const told = (message: string) => blameDisk({ outcome: 'failed', failure: { ...failure, message } }, ['/roomy']);
  expect((await told("[Errno 28] No space left on device: '/var/lib/etcd'")).outcome).toBe('failed');
  expect((await told("[Errno 28] No space left on device: '/roomy/ca.key'")).outcome).toBe('errored');
  expect(await blameDisk({ outcome: 'passed' }, ['/full'])).toEqual({ outcome: 'passed' });
  expect((await blameDisk({ outcome: 'aborted', failure }, ['/full'])).outcome).toBe('aborted');
});
