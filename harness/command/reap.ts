import { Command, Option } from 'commander';
import type { Provider, ReapedLease } from '../provider/contract.ts';
import { providerOf, PROVIDERS, type ProviderChoice, type ProviderName } from '../provider/provider-of.ts';

const HELP = `
Examples:
  $ proofgrid reap --dry-run   says what would be removed, and why
  $ proofgrid reap             removes it
  $ proofgrid reap --provider kubevirt --site sites/lab.yaml

A lease goes when it is expired (nobody renewed it in time), orphaned (its run is dead and did not keep it) or incomplete
(remains of a removal). The lease of a living run never goes, nor anything without our labels.`;

/** Exit code 0 when nothing remains that should have gone, 5 otherwise. */
export function reapCommand(provider: (choice: ProviderChoice) => Provider | Promise<Provider> = providerOf, print: (line: string) => void = (line) => void process.stdout.write(`${line}\n`)): Command {
  return new Command('reap')
    .description('removes machines and networks that no run needs any more')
    .option('--dry-run', 'say what would be removed, remove nothing', false)
    .addOption(new Option('--provider <PROVIDER>', 'whose leases').choices(PROVIDERS).default('container'))
    .option('--site <SITE>', 'with kubevirt: a shipped site, or a file (default: $PROOFGRID_SITE, then default)')
    .addHelpText('after', HELP)
    .action(async ({ dryRun, provider: name, site }: { dryRun: boolean; provider: ProviderName; site?: string }) => {
      const leases = await (await provider({ name, site })).reap({ dryRun, now: new Date() });
      for (const line of leases.flatMap((lease) => describe(lease, dryRun))) print(line);
      if (leases.length === 0) print('nothing to reap');
      if (leases.some(({ remaining }) => remaining !== undefined)) process.exitCode = 5;
    });
}

function describe({ id, cell, reason, resources, remaining = [] }: ReapedLease, dryRun: boolean): string[] {
  const verb = dryRun ? 'would remove' : remaining.length > 0 ? 'could not remove all of' : 'removed';
  return [
    `${verb} lease ${id} of cell ${cell}: ${reason}`,
    ...resources.map((resource) => `  ${resource}`),
    ...remaining.map((resource) => `  remains: ${resource}`),
  ];
}
