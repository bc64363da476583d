import { randomBytes } from 'node:crypto';
import { execa } from 'execa';
import pLimit from 'p-limit';
import { ProofgridError } from '../../lifecycle/error.ts';
import type { Machine } from '../provider/contract.ts';
import type { CommandResult, Host } from '../suite/check.ts';
import { shellJoin } from './quote.ts';
import { throughMaster } from './ssh-master.ts';
import { sshArguments } from './ssh-options.ts';

export { closeSshMasters } from './ssh-master.ts';
export { sshArguments } from './ssh-options.ts';

/** Milliseconds. Commands of checks take milliseconds; a minute means that something hangs. */
const DEFAULT_LIMIT = 60_000;
/** sshd allows ten sessions on one connection (MaxSessions); the rest waits here instead of failing there. */
const SESSIONS = 8;

export interface SshHostOptions {
  /** Aborting ends every command that is running, and refuses new ones. */
  readonly signal?: AbortSignal;
}

/** A machine as checks see it: commands over one shared SSH connection. */
export function sshHost(machine: Machine, roles: readonly string[], { signal }: SshHostOptions = {}): Host {
  const session = pLimit(SESSIONS);
  return {
    name: machine.name,
    address: machine.address,
    roles,
    exec: (command, { input = '', limitMs = DEFAULT_LIMIT } = {}) =>
      session(() => run(machine, command, { input, limitMs, signal })),
  };
}

interface Execution {
  readonly input: string;
  readonly limitMs: number;
  readonly signal: AbortSignal | undefined;
}

async function run(machine: Machine, command: readonly string[], { input, limitMs, signal }: Execution): Promise<CommandResult> {
  refuseAborted(machine, signal);
  const mark = randomBytes(16).toString('hex');
  const remote = remoteCommand(command, limitMs, mark);
  const shared = await throughMaster(machine);
  const client = execa('ssh', ['-o', 'BatchMode=yes', ...shared, ...sshArguments(machine), remote], {
    input,
    reject: false,
    stripFinalNewline: false,
    // A Ctrl-C in the terminal must not reach it: it would be relayed to the master, like every signal but SIGKILL, and
    // end everybody's sessions (mux.c, control_client_sigrelay).
    detached: true,
  });
  let overdue = false;
  const stop = () => {
    client.kill('SIGKILL');
    // The master holds the other ends until the command on the machine has ended, too.
    client.stdout.destroy();
    client.stderr.destroy();
  };
  const limit = setTimeout(() => {
    overdue = true;
    stop();
  }, limitMs);
  signal?.addEventListener('abort', stop);
  if (signal?.aborted === true) stop();
  const result = await client;
  clearTimeout(limit);
  signal?.removeEventListener('abort', stop);
  refuseAborted(machine, signal);
  if (overdue && result.exitCode === undefined) throw timedOut(machine, command, limitMs);
  if (result.exitCode === undefined || (result.exitCode === 255 && !result.stderr.endsWith(mark))) {
    throw unreachable(machine, command, result.stderr.trim() || result.shortMessage || 'ssh was killed');
  }
  const stderr = result.exitCode === 255 ? result.stderr.slice(0, -mark.length) : result.stderr;
  return { exitCode: result.exitCode, stdout: result.stdout, stderr };
}

/**
 * ssh reports its own failures as 255, and so may the command: a mark on standard error tells that the command did.
 * `timeout` ends the command on the machine, too, when the limit here is over, and it runs programs only: no word is
 * ever taken for a shell's keyword.
 */
function remoteCommand(command: readonly string[], limitMs: number, mark: string): string {
  const bounded = ['timeout', '--signal=KILL', `${Math.ceil(limitMs / 1000) + 1}`, ...command];
  return `${shellJoin(bounded)}; s=$?; [ $s -ne 255 ] || printf %s ${mark} >&2; exit $s`;
}

function refuseAborted(machine: Machine, signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new ProofgridError({
    code: 'MACHINE_COMMAND_ABORTED',
    fault: 'interrupted',
    what: `a command on machine ${machine.name} was aborted`,
    cause: signal.reason,
  });
}

function timedOut(machine: Machine, command: readonly string[], limitMs: number): ProofgridError {
  return new ProofgridError({
    code: 'MACHINE_COMMAND_TIMED_OUT',
    fault: 'timed-out',
    what: `${command[0] ?? ''} on machine ${machine.name} did not end within ${limitMs} ms`,
    remedy: 'see the evidence of this machine for what it waits for',
  });
}

function unreachable(machine: Machine, command: readonly string[], reason: string): ProofgridError {
  return new ProofgridError({
    code: 'MACHINE_UNREACHABLE',
    fault: 'infrastructure',
    what: `${command[0] ?? ''} could not be run on machine ${machine.name} (${machine.address}): ${reason}`,
    remedy: "read the machine's console",
  });
}
