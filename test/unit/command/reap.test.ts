import { afterEach, expect, test } from 'vitest';
import { reapCommand } from '../../../harness/command/reap.ts';
import { createContainerProvider } from '../../../harness/provider/container/provider.ts';
import type { ReapedLease } from '../../../harness/provider/contract.ts';

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
