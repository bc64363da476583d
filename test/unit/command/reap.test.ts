import { afterEach, expect, test } from 'vitest';
import { reapCommand } from '../../../harness/command/reap.ts';
import { createContainerProvider } from '../../../harness/provider/container/provider.ts';
import type { Lease, LeaseSummary, ReapedLease } from '../../../harness/provider/contract.ts';

const LEASE: ReapedLease = { id: '0123456789ab', cell: 'small', reason: 'orphaned', resources: ['container/a', 'volume/b'] };

async function run(leases: ReapedLease[], ...words: string[]): Promise<string[]> {
  const lines: string[] = [];
  const provider = () => ({ ...createContainerProvider(), reap: async () => leases });
  await reapCommand(provider, (line) => lines.push(line)).parseAsync(words, { from: 'user' });
  return lines;
}

afterEach(() => {
  process.exitCode = 0;
});

test('says what went and why, and ends well', async () => {
  expect(await run([LEASE])).toEqual(['removed lease 0123456789ab of cell small: orphaned', '  container/a', '  volume/b']);
  expect(process.exitCode ?? 0).toBe(0);
});

test('a dry run says what would go', async () => {
  expect(await run([LEASE], '--dry-run')).toContain('would remove lease 0123456789ab of cell small: orphaned');
});

test('what remains is named, and the exit code is 5', async () => {
  expect(await run([{ ...LEASE, remaining: ['volume/b: busy'] }])).toContain('  remains: volume/b: busy');
  expect(process.exitCode).toBe(5);
});

test('nothing to do is said, too', async () => {
  expect(await run([])).toEqual(['nothing to reap']);
});

const SUMMARY: LeaseSummary = {
  ...{ id: LEASE.id, cell: 'small', run: 'r1', machines: ['a', 'b'], kept: true },
  owner: { pid: 1, state: 'dead' },
  created: new Date(),
  expires: new Date(Date.now() + 60_000),
};

async function reapOne(lease: LeaseSummary, ...words: string[]): Promise<{ lines: string[]; released: string[] }> {
  const [lines, released]: string[][] = [[], []];
  const provider = () => ({ ...createContainerProvider(), list: async () => [lease], release: async ({ id }: Lease) => void released?.push(id), reap: () => Promise.reject(new Error('only one is asked for')) });
  await reapCommand(provider, (line) => lines?.push(line)).parseAsync(['--lease', ...words], { from: 'user' });
  return { lines: lines ?? [], released: released ?? [] };
}

test('one named lease goes, kept or not, and nothing else', async () => {
  expect(await reapOne(SUMMARY, LEASE.id)).toEqual({ lines: ['removed lease 0123456789ab of cell small with 2 machines'], released: [LEASE.id] });
  expect(await reapOne(SUMMARY, LEASE.id, '--dry-run')).toEqual({ lines: ['would remove lease 0123456789ab of cell small with 2 machines'], released: [] });
});

test.each([
  ['one that lives', { owner: { pid: 7, state: 'alive' } }, /in use by process 7 of run r1.*end that run/],
  ['one that nobody can see, before its lease expires', { owner: { pid: 7, state: 'unknown' }, kept: false }, /or wait until the lease expires/],
] satisfies [string, Partial<LeaseSummary>, RegExp][])('a lease of %s stays', async (_, part, message) => {
  await expect(reapOne({ ...SUMMARY, ...part }, LEASE.id)).rejects.toThrow(expect.objectContaining({ code: 'REAP_REFUSED', fault: 'usage', message: expect.stringMatching(message) as string }) as Error);
});

test('a lease that does not exist, and one beside a run, are refused', async () => {
  await expect(reapOne(SUMMARY, 'ffffffffffff')).rejects.toThrow('there are 0123456789ab');
  await expect(reapOne(SUMMARY, LEASE.id, 'some-run')).rejects.toThrow('name one of them');
});
