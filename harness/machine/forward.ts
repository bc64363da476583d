import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { Duplex } from 'node:stream';
import { ProofgridError } from '../../lifecycle/error.ts';
import type { Machine } from '../provider/contract.ts';
import type { Dial } from '../suite/check.ts';
import { throughMaster } from './ssh-master.ts';
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
    if (itself !== undefined) return forward(itself, address, port);
    let reason: unknown;
    for (const _ of machines) {
      const machine = machines[turn % machines.length] as Machine;
      try {
        // One that led nowhere is not asked again at once: it may have just lost its power.
        return await forward(machine, address, port, () => (turn += 1));
      } catch (error) {
        reason = error;
        turn += 1;
      }
    }
    throw reason;
  };
}

async function forward(machine: Machine, address: string, port: number, fruitless: () => void = () => undefined): Promise<Duplex> {
  const target = `${address.includes(':') ? `[${address}]` : address}:${port}`;
  const shared = await throughMaster(machine);
  const words = ['-o', 'BatchMode=yes', ...shared, '-W', target, ...sshArguments(machine)];
  return new Forwarded(spawn('ssh', words, { detached: true }), machine, target, fruitless);
}

/** Standard input and output of `ssh -W` as one stream, which ends with an error where nothing was ever received. */
class Forwarded extends Duplex {
  readonly #client: ChildProcessWithoutNullStreams;

  constructor(client: ChildProcessWithoutNullStreams, machine: Machine, target: string, fruitless: () => void) {
    super({ allowHalfOpen: true });
    this.#client = client;
    let received = false;
    let complaints = '';
    client.stdout.on('data', (chunk: Buffer) => {
      received = true;
      if (!this.push(chunk)) client.stdout.pause();
    });
    client.stderr.on('data', (chunk: Buffer) => (complaints = (complaints + chunk.toString()).slice(-MOST_COMPLAINTS)));
    // Whether the other end is gone is told by the exit, and why.
    client.stdin.on('error', () => undefined);
    client.on('error', (error) => this.destroy(error));
    client.on('close', (exitCode) => {
      if (!received) fruitless();
      if (received || exitCode === 0) this.push(null);
      else this.destroy(failure(machine, target, complaints.trim()));
    });
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
    this.#client.stdin.destroy();
    this.#client.stdout.destroy();
    this.#client.stderr.destroy();
    this.#client.kill('SIGKILL');
    done(error);
  }
}

/** That nobody listens there is a finding about the cluster; that the machine cannot be reached is none. */
function failure({ name, address }: Machine, target: string, complaints: string): Error {
  if (REFUSED.test(complaints)) return new Error(`${name} gets no connection to ${target}`);
  return new ProofgridError({
    code: 'MACHINE_UNREACHABLE',
    fault: 'infrastructure',
    what: `no connection to ${target} can be had through machine ${name} (${address}): ${complaints || 'ssh ended without a word'}`,
    remedy: "read the machine's console",
  });
}
