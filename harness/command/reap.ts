import { Command, Option } from 'commander';
import { keptLeases } from '../cell/kept-leases.ts';
import type { Provider, ReapedLease } from '../provider/contract.ts';
import { providerOf, PROVIDERS, type ProviderChoice, type ProviderName } from '../provider/provider-of.ts';

const HELP = `
Examples:
  $ proofgrid reap --dry-run   says what would be removed, and why
  $ proofgrid reap             removes it
  $ proofgrid reap RUN-DIR     also removes the machines that this run kept (--keep)
  $ proofgrid reap --provider kubevirt --site sites/lab.yaml

A lease goes when it is expired (nobody renewed it in time), orphaned (its run is dead and did not keep it) or incomplete
(remains of a removal). The lease of a living run never goes, nor anything without our labels; a kept one goes early only when its run is named.`;

/** Exit code 0 when nothing remains that should have gone, 5 otherwise. */
export function reapCommand(provider: (choice: ProviderChoice) => Provider | Promise<Provider> = providerOf, print: (line: string) => void = (line) => void process.stdout.write(`${line}\n`)): Command {
  return new Command('reap')
    .description('removes machines and networks that no run needs any more')
    .argument('[RUN-DIR...]', 'runs whose kept machines are no longer needed')
    .option('--dry-run', 'say what would be removed, remove nothing', false)
    .addOption(new Option('--provider <PROVIDER>', 'whose leases').choices(PROVIDERS).default('container'))
    .option('--site <SITE>', 'with kubevirt: a shipped site, or a file (default: $PROOFGRID_SITE, then default)')
    .addHelpText('after', HELP)
    .action(async (runDirectories: string[], { dryRun, provider: name, site }: { dryRun: boolean; provider: ProviderName; site?: string }) => {
      const chosen = await provider({ name, site });
      const dismissed = (await Promise.all(runDirectories.map((directory) => keptLeases(directory, site)))).flat();
      for (const { cell, lease } of dismissed) {
        if (!dryRun) await chosen.release(lease);
        print(`${dryRun ? 'would remove' : 'removed'} lease ${lease.id} of cell ${cell}: kept, and dismissed`);
      }
      const leases = await chosen.reap({ dryRun, now: new Date() });
      for (const line of leases.flatMap((lease) => describe(lease, dryRun))) print(line);
      if (leases.length + dismissed.length === 0) print('nothing to reap');
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
