import { Command, Option } from 'commander';
import { knownRuns, type KnownRuns } from '../cell/known-runs.ts';
import type { LeaseSummary, Provider } from '../provider/contract.ts';
import { providerOf, PROVIDERS, type ProviderChoice, type ProviderName } from '../provider/provider-of.ts';
import { duration } from '../report/duration.ts';
import { visible } from '../report/visible.ts';

const HELP = `
Examples:
  proofgrid ps                                          leases on this host
  proofgrid ps --provider kubevirt --site sites/lab.yaml
  proofgrid ps --format json

The owner is the process that runs the cell: alive, dead, or unknown (on another host, or in another container). A lease is
in use while its owner lives, kept with --keep until it expires, and otherwise goes with the next \`proofgrid reap\`.
The run directory is known for runs of this user on this host.`;

interface PsOptions {
  readonly provider: ProviderName;
  readonly site?: string;
  readonly format: 'table' | 'json';
}

interface PsContext {
  readonly open?: (choice: ProviderChoice) => Provider | Promise<Provider>;
  readonly runs?: KnownRuns;
  readonly now?: () => number;
}

export function psCommand({ open = providerOf, runs = knownRuns(), now = Date.now }: PsContext = {}): Command {
  return new Command('ps')
    .description('lists the leases that exist: cell, owner, age, run directory')
    .addOption(new Option('--provider <PROVIDER>', 'whose leases').choices(PROVIDERS).default('container'))
    .option('--site <SITE>', 'with kubevirt: a shipped site, or a file (default: $PROOFGRID_SITE, then default)')
    .addOption(new Option('--format <FORMAT>', 'for people or for programs').choices(['table', 'json']).default('table'))
    .addHelpText('after', HELP)
    .action(async ({ provider: name, site, format }: PsOptions, command: Command) => {
      const provider = await open({ name, site });
      const leases = (await provider.list?.()) ?? [];
      const rows = leases.map((lease) => ({ ...lease, directory: runs.directoryOf(lease.run) }));
      command.configureOutput().writeOut?.(format === 'json' ? `${JSON.stringify(rows, null, 2)}\n` : leaseTable(rows, now()));
    });
}

type Row = LeaseSummary & { readonly directory: string | undefined };

function leaseTable(rows: readonly Row[], now: number): string {
  if (rows.length === 0) return 'no leases\n';
  const table = [['LEASE', 'CELL', 'STATE', 'OWNER', 'AGE', 'MACHINES', 'RUN'], ...rows.map((row) => fields(row, now))];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0))) ?? [];
  return table.map((line) => `${line.map((field, column) => field.padEnd(widths[column] ?? 0)).join('  ').trimEnd()}\n`).join('');
}

function fields({ id, cell, run, machines, owner, created, directory, ...lease }: Row, now: number): string[] {
  return [id, cell, stateOf({ owner, ...lease }, now), `pid ${owner.pid} ${owner.state}`, duration(now - created.getTime()), String(machines.length), directory ?? run].map(visible);
}

function stateOf({ owner, kept, expires }: Pick<LeaseSummary, 'owner' | 'kept' | 'expires'>, now: number): string {
  if (owner.state === 'alive') return 'in use';
  const left = expires.getTime() - now;
  if (left <= 0) return 'expired';
  if (kept) return `kept, ${duration(left)} left`;
  return owner.state === 'dead' ? 'orphaned' : `expires in ${duration(left)}`;
}
