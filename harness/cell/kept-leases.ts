import path from 'node:path';
import { readJournal } from '../journal/read.ts';
import { createContainerProvider } from '../provider/container/provider.ts';
import type { Lease } from '../provider/contract.ts';
import { cellPaths } from './run-directory.ts';

export interface KeptLease {
  readonly cell: string;
  readonly lease: Lease;
}

/** The leases of a run that still exist; the journal says which there were, the provider which there are. */
export async function keptLeases(runDirectory: string): Promise<KeptLease[]> {
  const { lines } = readJournal(path.join(runDirectory, 'journal.jsonl'));
  const released = new Set(lines.flatMap((line) => (line.type === 'lease-released' ? [line.lease] : [])));
  const acquired = lines.flatMap((line) => (line.type === 'lease-acquired' && !released.has(line.lease) ? [line] : []));
  const provider = createContainerProvider();
  const found = await Promise.all(
    acquired.map(async ({ cell, lease }) => ({ cell, lease: await provider.find(lease, cellPaths(runDirectory, cell).secrets) })),
  );
  return found.flatMap(({ cell, lease }) => (lease === undefined ? [] : [{ cell, lease }]));
}
