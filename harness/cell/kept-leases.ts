import { existsSync } from 'node:fs';
import path from 'node:path';
import { ProofgridError } from '../../lifecycle/error.ts';
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
  if (!existsSync(path.join(runDirectory, 'journal.jsonl'))) throw notARun(runDirectory);
  const { lines } = readJournal(path.join(runDirectory, 'journal.jsonl'));
  const released = new Set(lines.flatMap((line) => (line.type === 'lease-released' ? [line.lease] : [])));
  const acquired = lines.flatMap((line) => (line.type === 'lease-acquired' && !released.has(line.lease) ? [line] : []));
  const provider = createContainerProvider();
  const found = await Promise.all(
    acquired.map(async ({ cell, lease }) => ({ cell, lease: await provider.find(lease, cellPaths(runDirectory, cell).secrets) })),
  );
  return found.flatMap(({ cell, lease }) => (lease === undefined ? [] : [{ cell, lease }]));
}

export function notARun(directory: string): ProofgridError {
  return new ProofgridError({
    code: 'NOT_A_RUN_DIRECTORY',
    fault: 'usage',
    what: `${directory} has no journal.jsonl`,
    remedy: 'name the directory of an earlier run',
  });
}
