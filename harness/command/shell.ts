import { isIPv6 } from 'node:net';
import { Command, InvalidArgumentError, Option } from 'commander';
import { execa } from 'execa';
import { ProofgridError } from '../../lifecycle/error.ts';
import { keptLeases } from '../cell/kept-leases.ts';
import { shellJoin } from '../machine/quote.ts';
import type { Machine } from '../provider/contract.ts';
import { sshArguments } from '../machine/ssh.ts';

const EXAMPLES = `
Examples:
  proofgrid shell proofgrid-runs/20261123-101500-a1b2c3 all-in-one-1
  proofgrid shell RUN-DIR control-plane-1 -- journalctl -u kubelet --no-pager
  proofgrid shell RUN-DIR control-plane-1 --forward 6443
      and meanwhile: kubectl --kubeconfig RUN-DIR/cells/CELL/kubeconfig --server https://127.0.0.1:6443 get nodes

Machines are there to open when the run was started with --keep failed or --keep always, or while it still runs.`;

export function shellCommand(): Command {
  return new Command('shell')
    .description('opens a machine of a run, or runs a command on it')
    .argument('<RUN-DIR>', 'run directory')
    .argument('<MACHINE>', "machine's name, or <cell>/<machine> where several cells have it")
    .argument('[COMMAND...]', 'command and its words, after --')
    .option('--site <SITE>', 'of a run with kubevirt: a shipped site, or a file (default: $PROOFGRID_SITE, then default)')
    .addOption(new Option('--forward <[LOCAL:]PORT>', 'in place of a shell, leads a port of the loopback to one of the machine until it is interrupted').argParser(forwardOf))
    .addHelpText('after', EXAMPLES)
    .action(async (runDirectory: string, name: string, command: string[], { site, forward }: { site?: string; forward?: Forward }) => {
      const leases = await keptLeases(runDirectory, site);
      const machines = leases.flatMap(({ cell, lease }) => lease.machines.map((machine) => ({ cell, machine })));
      const found = machines.filter(({ cell, machine }) => machine.name === name || `${cell}/${machine.name}` === name);
      const [first] = found;
      if (first === undefined || found.length > 1) throw wrongMachine(name, machines.map(({ cell, machine }) => `${cell}/${machine.name}`));
      const words = forward === undefined ? [...sshArguments(first.machine), ...(command.length === 0 ? [] : [shellJoin(command)])] : forwarding(first.machine, forward);
      const { exitCode } = await execa('ssh', words, { stdio: 'inherit', reject: false });
      process.exitCode = exitCode ?? 3;
    });
}

interface Forward {
  readonly local: number;
  readonly port: number;
}

function forwardOf(text: string): Forward {
  const [, local, port] = /^(?:(\d{1,5}):)?(\d{1,5})$/.exec(text) ?? [];
  const forward = { local: Number(local ?? port), port: Number(port) };
  if (Object.values(forward).every((number) => number > 0 && number < 65_536)) return forward;
  throw new InvalidArgumentError('must be a port, or two with a colon between them.');
}

/** To the machine's own address: API servers and kubelets need not listen on its loopback. */
function forwarding(machine: Machine, { local, port }: Forward): string[] {
  const target = isIPv6(machine.address) ? `[${machine.address}]` : machine.address;
  return ['-N', '-o', 'ExitOnForwardFailure=yes', '-L', `127.0.0.1:${local}:${target}:${port}`, ...sshArguments(machine)];
}

function wrongMachine(name: string, known: readonly string[]): ProofgridError {
  const all = known.length === 0 ? 'no machine of this run exists any more' : `it has ${known.join(', ')}`;
  return new ProofgridError({ code: 'SHELL_MACHINE_UNKNOWN', fault: 'usage', what: `the run has no single machine ${name}`, remedy: all });
}
