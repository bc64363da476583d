import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { packageRoot } from './root.ts';

/** Milliseconds that the supervisor needs at most to end everything (its GRACE and LIMIT), and some more. */
const STOP_LIMIT = 13_000;
/** Milliseconds for the last lines to arrive once every process has ended: a busy host takes its time, and what is lost is a verdict. */
const DRAIN_LIMIT = 5_000;

/** Exit codes of supervise.py itself. */
const BUSY = 75;
const LEFT_OVER = 76;

export interface SupervisedOptions {
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Removed when the last process has ended. */
  readonly privateDirectory: string;
  /** File that only one living run can hold. */
  readonly lock: string;
  /** One line that the command wrote to descriptor 3. */
  readonly onEventLine: (line: string) => void;
  /** One line of its standard output or standard error. */
  readonly onOutputLine: (line: string) => void;
}

export type SupervisedEnd =
  | { readonly kind: 'exited'; readonly exitCode: number }
  /** Another run holds the lock; the command was not started. */
  | { readonly kind: 'busy' }
  /** The supervisor could not start, died, or could not end a process. */
  | { readonly kind: 'broken'; readonly reason: string };

export interface SupervisedProcess {
  /** Resolves when no process of the command is left. */
  readonly ended: Promise<SupervisedEnd>;
  /** Ends them all; idempotent. */
  stop(): void;
}

/** Starts a command under supervise.py, which ends it with all its descendants when this process stops it, or dies. */
export function startSupervised(options: SupervisedOptions): SupervisedProcess {
  const supervisor = path.join(packageRoot, 'lifecycle', 'supervise.py');
  const child = execa('python3', ['-I', supervisor, options.lock, options.privateDirectory, ...options.command], {
    cwd: options.cwd,
    env: options.env,
    extendEnv: false,
    // Its own process group: a terminal's Ctrl-C must reach the runner alone.
    detached: true,
    cleanup: false,
    reject: false,
    buffer: { stdout: false, stderr: true, fd3: false },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const lines = [
    readLines(child.stdio[1], options.onOutputLine),
    readLines(child.stdio[3] as unknown as Readable, options.onEventLine),
  ];
  let stopping: NodeJS.Timeout | undefined;
  const stop = () => {
    if (stopping !== undefined) return;
    child.stdin.end();
    // The whole group by force, should the supervisor itself hang.
    stopping = setTimeout(() => { if (child.pid !== undefined) killGroup(child.pid); }, STOP_LIMIT);
    stopping.unref();
  };
  // A supervisor that has died makes this pipe fail; its exit says so better.
  child.stdin.on('error', () => undefined);

  // Only a killed supervisor leaves anything to end here; what is left would keep the pipes open, so do it at once.
  child.once('exit', (_code, signal) => {
    if (signal !== null && child.pid !== undefined) killGroup(child.pid);
  });

  const ended = (async (): Promise<SupervisedEnd> => {
    const result = await child;
    clearTimeout(stopping);
    await Promise.race([Promise.all(lines), delay(DRAIN_LIMIT, undefined, { ref: false })]);
    if (result.exitCode === BUSY) return { kind: 'busy' };
    if (result.exitCode === LEFT_OVER) return { kind: 'broken', reason: 'a process could not be ended' };
    if (result.exitCode === undefined || result.stderr !== '') {
      return { kind: 'broken', reason: result.stderr === '' ? (result.shortMessage ?? 'the supervisor died') : result.stderr };
    }
    return { kind: 'exited', exitCode: result.exitCode };
  })();
  return { ended, stop };
}

async function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) onLine(line);
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}
