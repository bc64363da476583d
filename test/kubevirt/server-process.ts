import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { packageRoot } from '../../lifecycle/root.ts';

export interface ServerSpec {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** Log, lock and private files lie here. */
  readonly directory: string;
}

/** One server of the control plane. It ends with the test process, also when that is killed with SIGKILL: supervise.py. */
export class ServerProcess {
  readonly log: string;
  readonly #spec: ServerSpec;
  #child: ChildProcess | undefined;

  constructor(spec: ServerSpec) {
    this.#spec = spec;
    this.log = join(spec.directory, `${spec.name}.log`);
  }

  async start(): Promise<void> {
    const { name, command, directory } = this.#spec;
    const scrap = join(directory, `${name}.private`);
    await mkdir(scrap, { recursive: true, mode: 0o700 });
    const supervisor = join(packageRoot, 'lifecycle', 'supervise.py');
    const log = openSync(this.log, 'a', 0o600);
    // the pipe on its standard input is the lifeline, and its fourth descriptor goes to the command
    this.#child = spawn('python3', [supervisor, join(directory, `${name}.lock`), scrap, ...command], {
      stdio: ['pipe', log, log, 'ignore'],
      detached: true,
    });
    closeSync(log);
    await once(this.#child, 'spawn');
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.running) return;
    const exit = once(child, 'exit');
    child.stdin?.end();
    await exit;
  }

  /** Last lines of its log, for the message of whoever waited in vain. */
  tail(): string {
    return readFileSync(this.log, 'utf8').split('\n').slice(-15).join('\n');
  }
}

/** A worker whose test runner was killed would go on, and its servers with it. Returns what calls that off. */
export function endWithRunner(): () => void {
  // vitest has replaced process.exit, and a worker that nobody listens to has nothing to say
  const end = () => process.kill(process.pid, 'SIGKILL');
  process.once('disconnect', end);
  return () => process.off('disconnect', end);
}

/** Loopback ports that nobody listens on; all are held until the last is known, so they differ. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map(async (server) => once(server.listen(0, '127.0.0.1'), 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map(async (server) => once(server.close(), 'close')));
  return ports;
}
