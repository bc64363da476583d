import { existsSync } from 'node:fs';
import path from 'node:path';
import { ProofgridError } from '../../lifecycle/error.ts';
import { readJournal } from '../journal/read.ts';
import type { Lease, Provider } from '../provider/contract.ts';
import { providerOf, type ProviderChoice } from '../provider/provider-of.ts';
import { keyFiles } from '../provider/ssh-keys.ts';
import { cellPaths } from './run-directory.ts';

export interface KeptLease {
  readonly cell: string;
  readonly lease: Lease;
  /** The one that the machines came from, whatever the command line says. */
  readonly provider: Provider;
  /** False: not all of its machines run, or nothing of it exists any more. It can only be released. */
  readonly whole: boolean;
}

export type Open = (choice: ProviderChoice) => Provider | Promise<Provider>;

/** The leases that a run has not released; the journal says which there were, the provider which of them still are. */
export async function unreleasedLeases(runDirectory: string, site?: string, open: Open = providerOf): Promise<KeptLease[]> {
  if (!existsSync(path.join(runDirectory, 'journal.jsonl'))) throw notARun(runDirectory);
  const { lines } = readJournal(path.join(runDirectory, 'journal.jsonl'));
  const released = new Set(lines.flatMap((line) => (line.type === 'lease-released' ? [line.lease] : [])));
  const acquired = lines.flatMap((line) => (line.type === 'lease-acquired' && !released.has(line.lease) ? [line] : []));
  if (acquired.length === 0) return [];
  const started = lines.findLast((line) => line.type === 'run-started');
  const provider = await open({ name: started?.provider === 'kubevirt' ? 'kubevirt' : 'container', site: site ?? started?.site });
  return Promise.all(
    acquired.map(async ({ cell, lease: id, machines }) => {
      const { secrets } = cellPaths(runDirectory, cell);
      const lease = await provider.find(id, secrets);
      if (lease !== undefined) return { cell, lease, provider, whole: true };
      const known = machines.map(({ name, address }) => ({ name, address, port: 22, user: 'root', ...keyFiles(secrets) }));
      return { cell, lease: { id, cell, machines: known, network: '', properties: {} }, provider, whole: false };
    }),
  );
}

/** Those whose machines all run. */
export async function keptLeases(runDirectory: string, site?: string): Promise<KeptLease[]> {
  return (await unreleasedLeases(runDirectory, site)).filter(({ whole }) => whole);
}

export function notARun(directory: string): ProofgridError {
  return new ProofgridError({
    code: 'NOT_A_RUN_DIRECTORY',
    fault: 'usage',
    what: `${directory} has no journal.jsonl`,
    remedy: 'name the directory of an earlier run',
  });
}
