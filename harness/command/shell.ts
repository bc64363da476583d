import { Command } from 'commander';
import { execa } from 'execa';
import { ProofgridError } from '../../lifecycle/error.ts';
import { keptLeases } from '../cell/kept-leases.ts';
import { shellJoin } from '../machine/quote.ts';
import { sshArguments } from '../machine/ssh.ts';

const EXAMPLES = `
Examples:
  proofgrid shell proofgrid-runs/20261123-101500-a1b2c3 all-in-one-1
  proofgrid shell RUN-DIR control-plane-1 -- journalctl -u kubelet --no-pager

Machines are there to open when the run was started with --keep failed or --keep always, or while it still runs.`;

export function shellCommand(): Command {
  return new Command('shell')
    .description('opens a machine of a run, or runs a command on it')
    .argument('<RUN-DIR>', 'run directory')
    .argument('<MACHINE>', "machine's name, or <cell>/<machine> where several cells have it")
    .argument('[COMMAND...]', 'command and its words, after --')
    .option('--site <SITE>', 'of a run with kubevirt: a shipped site, or a file (default: $PROOFGRID_SITE, then default)')
    .addHelpText('after', EXAMPLES)
    .action(async (runDirectory: string, name: string, command: string[], { site }: { site?: string }) => {
      const leases = await keptLeases(runDirectory, site);
      const machines = leases.flatMap(({ cell, lease }) => lease.machines.map((machine) => ({ cell, machine })));
      const found = machines.filter(({ cell, machine }) => machine.name === name || `${cell}/${machine.name}` === name);
      const [first] = found;
      if (first === undefined || found.length > 1) throw wrongMachine(name, machines.map(({ cell, machine }) => `${cell}/${machine.name}`));
      const { exitCode } = await execa('ssh', [...sshArguments(first.machine), ...(command.length === 0 ? [] : [shellJoin(command)])], { stdio: 'inherit', reject: false });
      process.exitCode = exitCode ?? 3;
    });
}

function wrongMachine(name: string, known: readonly string[]): ProofgridError {
  const all = known.length === 0 ? 'no machine of this run exists any more' : `it has ${known.join(', ')}`;
  return new ProofgridError({ code: 'SHELL_MACHINE_UNKNOWN', fault: 'usage', what: `the run has no single machine ${name}`, remedy: all });
}
