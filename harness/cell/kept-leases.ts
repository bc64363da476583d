import { existsSync } from 'node:fs';
import path from 'node:path';
import { ProofgridError } from '../../lifecycle/error.ts';
import { readJournal } from '../journal/read.ts';
import type { Lease } from '../provider/contract.ts';
import { providerOf } from '../provider/provider-of.ts';
import { cellPaths } from './run-directory.ts';

export interface KeptLease {
  readonly cell: string;
  readonly lease: Lease;
}

/** The leases of a run that still exist; the journal says which there were, the provider which there are. */
export async function keptLeases(runDirectory: string, site?: string): Promise<KeptLease[]> {
  if (!existsSync(path.join(runDirectory, 'journal.jsonl'))) throw notARun(runDirectory);
  const { lines } = readJournal(path.join(runDirectory, 'journal.jsonl'));
  const released = new Set(lines.flatMap((line) => (line.type === 'lease-released' ? [line.lease] : [])));
  const acquired = lines.flatMap((line) => (line.type === 'lease-acquired' && !released.has(line.lease) ? [line] : []));
  const name = lines.findLast((line) => line.type === 'run-started')?.provider === 'kubevirt' ? 'kubevirt' : 'container';
  const provider = await providerOf({ name, site });
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
