import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { Duplex } from 'node:stream';
import { ProofgridError } from '../../lifecycle/error.ts';
import type { Machine } from '../provider/contract.ts';
import type { Dial } from '../suite/check.ts';
import { loginLives, throughMaster } from './ssh-master.ts';
import { sshArguments } from './ssh-options.ts';

/** What ssh says when the machine could not connect (mux.c and ssh.c), unlike every failure to get to the machine. */
const REFUSED = /stdio forwarding (request )?failed|open failed/i;
/** Characters of ssh's complaints that are kept. */
const MOST_COMPLAINTS = 2000;

/**
 * Connections to whatever the machines can reach, over the login that there is to each: for machines whose addresses lead
 * nowhere from here. A machine's own address is dialled by itself; any other one, such as a virtual address, by the first
 * machine that can.
 */
export function sshDial(machines: readonly Machine[]): Dial {
  let turn = 0;
  return async (address, port) => {
    const itself = machines.find((machine) => machine.address === address);
    if (itself !== undefined) return forward(itself, address, port, { lost: (complaints) => unreachable(itself, complaints) });
    let reason: unknown;
    for (const _ of machines) {
      const machine = machines[turn % machines.length] as Machine;
      try {
        return await forward(machine, address, port, {
          // Others lead there, too: to whoever uses the address this is a connection that broke.
          lost: () => new Error(`the connection to ${address}:${port} broke with the login to ${machine.name}`),
          silent: () => (turn += 1),
        });
      } catch (error) {
        reason = error;
        turn += 1;
      }
    }
    throw reason;
  };
}

async function forward(machine: Machine, address: string, port: number, ending: Ending): Promise<Duplex> {
  const target = `${address.includes(':') ? `[${address}]` : address}:${port}`;
  const shared = await throughMaster(machine);
  const words = ['-o', 'BatchMode=yes', ...shared, '-W', target, ...sshArguments(machine)];
  return new Forwarded(spawn('ssh', words, { detached: true }), machine, target, ending);
}

interface Ending {
  /** What a connection ends with when the login under it is lost. */
  readonly lost: (complaints: string) => Error;
  /** Told when not a byte has come back. */
  readonly silent?: () => void;
}

/** Standard input and output of `ssh -W` as one stream. It ends with an error when the connection never was, or broke with the login. */
class Forwarded extends Duplex {
  readonly #client: ChildProcessWithoutNullStreams;
  readonly #ending: Ending;
  #received = false;

  constructor(client: ChildProcessWithoutNullStreams, machine: Machine, target: string, ending: Ending) {
    super({ allowHalfOpen: false });
    this.#client = client;
    this.#ending = ending;
    let complaints = '';
    client.stdout.on('data', (chunk: Buffer) => {
      this.#received = true;
      if (!this.push(chunk)) client.stdout.pause();
    });
    client.stderr.on('data', (chunk: Buffer) => (complaints = (complaints + chunk.toString()).slice(-MOST_COMPLAINTS)));
    // Whether the other end is gone is told by the exit, and why.
    client.stdin.on('error', () => undefined);
    client.on('error', (error) => this.destroy(error));
    client.on('close', (exitCode) => void this.#ended(exitCode, machine, target, complaints.trim()));
  }

  /** That nobody listens there is a finding about the cluster; that the machine cannot be reached is none. */
  async #ended(exitCode: number | null, machine: Machine, target: string, complaints: string): Promise<void> {
    if (this.destroyed) return;
    if (REFUSED.test(complaints)) return void this.destroy(new Error(`${machine.name} gets no connection to ${target}`));
    // ssh ends well, too, when the shared connection is lost under it.
    const intact = exitCode === 0 && (await loginLives(machine));
    if (intact) this.push(null);
    else this.destroy(this.#ending.lost(complaints));
  }

  override _read(): void {
    this.#client.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#client.stdin.write(chunk, () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#client.stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#received) this.#ending.silent?.();
    this.#client.stdin.destroy();
    this.#client.stdout.destroy();
    this.#client.stderr.destroy();
    this.#client.kill('SIGKILL');
    done(error);
  }
}

function unreachable({ name, address }: Machine, complaints: string): ProofgridError {
  return new ProofgridError({
    code: 'MACHINE_UNREACHABLE',
    fault: 'infrastructure',
    what: `the login to machine ${name} (${address}) was lost: ${complaints || 'ssh does not say why'}`,
    remedy: "read the machine's console",
  });
}
