import { Command, Option } from 'commander';
import path from 'node:path';
import { ProofgridError } from '../../lifecycle/error.ts';
import { unreleasedLeases, type Open } from '../cell/kept-leases.ts';
import { lockJournal } from '../journal/lock.ts';
import type { LeaseSummary, Provider, ReapedLease } from '../provider/contract.ts';
import { providerOf, PROVIDERS, type ProviderChoice, type ProviderName } from '../provider/provider-of.ts';

const HELP = `
Examples:
  $ proofgrid reap --dry-run   says what would be removed, and why
  $ proofgrid reap             removes it
  $ proofgrid reap RUN-DIR     also removes the machines that this run kept (--keep)
  $ proofgrid reap --lease 0123456789ab   removes this one, kept or not (proofgrid ps lists them)
  $ proofgrid reap --provider kubevirt --site sites/lab.yaml

A lease goes when it is expired (nobody renewed it in time), orphaned (its run is dead and did not keep it) or incomplete
(remains of a removal). The lease of a living run never goes, nor anything without our labels; a kept one goes early only when it or its run is named.`;

interface ReapOptions {
  readonly dryRun: boolean;
  readonly provider: ProviderName;
  readonly site?: string;
  readonly lease?: string;
}

/** Exit code 0 when nothing remains that should have gone, 5 otherwise. */
export function reapCommand(provider: (choice: ProviderChoice) => Provider | Promise<Provider> = providerOf, print: (line: string) => void = (line) => void process.stdout.write(`${line}\n`)): Command {
  return new Command('reap')
    .description('removes machines and networks that no run needs any more')
    .argument('[RUN-DIR...]', 'runs whose kept machines are no longer needed')
    .option('--lease <ID>', 'only this lease, kept or not, unless its owner lives')
    .option('--dry-run', 'say what would be removed, remove nothing', false)
    .addOption(new Option('--provider <PROVIDER>', 'whose leases').choices(PROVIDERS).default('container'))
    .option('--site <SITE>', 'with kubevirt: a shipped site, or a file (default: $PROOFGRID_SITE, then default)')
    .addHelpText('after', HELP)
    .action(async (runDirectories: string[], { dryRun, provider: name, site, lease }: ReapOptions) => {
      const chosen = await provider({ name, site });
      if (lease !== undefined) return removeOne(lease, runDirectories, chosen, { dryRun, print });
      const dismissed: string[] = [];
      for (const directory of runDirectories) dismissed.push(...(await dismiss(directory, { dryRun, site, open: provider, print })));
      // in a dry run those of a named run are still there, and are said already
      const leases = (await chosen.reap({ dryRun, now: new Date() })).filter(({ id }) => !dismissed.includes(id));
      for (const line of leases.flatMap((lease) => describe(lease, dryRun))) print(line);
      if (leases.length + dismissed.length === 0) print('nothing to reap');
      if (leases.some(({ remaining }) => remaining !== undefined)) process.exitCode = 5;
    });
}

/** By the provider that the run had. A run that is still going on needs its machines: whoever wants them gone ends it. */
async function dismiss(directory: string, { dryRun, site, open, print }: { dryRun: boolean; site: string | undefined; open: Open; print: (line: string) => void }): Promise<string[]> {
  const leases = await unreleasedLeases(directory, site, open);
  if (leases.length === 0) return [];
  const unlock = dryRun ? () => undefined : lockJournal(path.join(directory, 'journal.jsonl'));
  try {
    for (const { cell, lease, provider, whole } of leases) {
      if (!dryRun) await provider.release(lease);
      const [done, planned] = whole ? ['removed', 'would remove'] : ['made sure of the removal of', 'would make sure of the removal of'];
      print(`${dryRun ? planned : done} lease ${lease.id} of cell ${cell}: ${whole ? 'kept, and dismissed' : 'dismissed, and not all of its machines run'}`);
    }
  } finally {
    unlock();
  }
  return leases.map(({ lease }) => lease.id);
}

/** Whoever names a lease may lose what it holds; whoever still works with it may not. */
async function removeOne(id: string, runDirectories: readonly string[], provider: Provider, { dryRun, print }: { dryRun: boolean; print: (line: string) => void }): Promise<void> {
  if (runDirectories.length > 0) throw refused('--lease names one lease, and RUN-DIR names those of a run', 'name one of them');
  const leases = (await provider.list?.()) ?? [];
  const found = leases.find((lease) => lease.id === id);
  if (found === undefined) throw refused(`no lease here is called ${id}`, leases.length === 0 ? 'there are none' : `there are ${leases.map((lease) => lease.id).join(', ')}`);
  if (mayBeInUse(found)) throw refused(`lease ${id} is in use by process ${found.owner.pid} of run ${found.run}`, found.owner.state === 'alive' ? 'end that run' : `end that run, or wait until the lease expires (${found.expires.toISOString()})`);
  if (!dryRun) await provider.release({ id, cell: found.cell, machines: [], network: '', properties: {} });
  print(`${dryRun ? 'would remove' : 'removed'} lease ${id} of cell ${found.cell} with ${found.machines.length} machine${found.machines.length === 1 ? '' : 's'}`);
}

function mayBeInUse({ owner, kept, expires }: LeaseSummary): boolean {
  return owner.state === 'alive' || (owner.state === 'unknown' && !kept && expires.getTime() > Date.now());
}

function refused(what: string, remedy: string): ProofgridError {
  return new ProofgridError({ code: 'REAP_REFUSED', fault: 'usage', what, remedy });
}

function describe({ id, cell, reason, resources, remaining = [] }: ReapedLease, dryRun: boolean): string[] {
  const verb = dryRun ? 'would remove' : remaining.length > 0 ? 'could not remove all of' : 'removed';
  return [
    `${verb} lease ${id} of cell ${cell}: ${reason}`,
    ...resources.map((resource) => `  ${resource}`),
    ...remaining.map((resource) => `  remains: ${resource}`),
  ];
}
