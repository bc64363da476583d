import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ProofgridError } from '../../../lifecycle/error.ts';

/** A held lock. The kernel frees it when this process dies, however it dies. */
export interface Lock {
  release(): Promise<void>;
}

// flock(1) holds the lock for as long as its child reads our end of a pipe: no process of ours, no pipe, no lock.
const HOLD = ['sh', '-c', 'echo held; exec cat >/dev/null'] as const;
const CONFLICT = 75;

/**
 * Takes the exclusive lock on `file`, made when missing; waits for whoever holds it until `signal` aborts.
 * @throws ProofgridError `ARTIFACT_LOCK_FAILED`, or the signal's reason
 */
export async function acquireLock(file: string, signal: AbortSignal): Promise<Lock> {
  return (await take(file, [], signal)) as Lock;
}

/** The same without waiting: undefined when somebody else holds it. */
export async function tryLock(file: string): Promise<Lock | undefined> {
  return await take(file, ['--nonblock'], new AbortController().signal);
}

async function take(file: string, flags: readonly string[], signal: AbortSignal): Promise<Lock | undefined> {
  signal.throwIfAborted();
  const holder = spawn('flock', ['--conflict-exit-code', String(CONFLICT), ...flags, file, ...HOLD], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // A Ctrl-C on the terminal must not take the lock away from a build that is still being ended.
    detached: true,
  });
  holder.stdin.on('error', () => undefined);
  let complaint = '';
  holder.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const ended = new Promise<number | Error | null>((resolve) => {
    holder.once('error', resolve);
    holder.once('close', resolve);
  });
  const held = once(holder.stdout, 'data').then(() => 'held' as const);
  const aborted = new Promise<'aborted'>((resolve) => signal.addEventListener('abort', () => resolve('aborted'), { once: true }));
  const release = async () => {
    holder.stdin.end();
    await ended;
  };
  const first = await Promise.race([held, aborted, ended]);
  if (first === 'held') return { release };
  if (first === 'aborted') {
    holder.kill('SIGKILL');
    await release();
    throw signal.reason;
  }
  if (first === CONFLICT) return undefined;
  throw new ProofgridError({
    code: 'ARTIFACT_LOCK_FAILED',
    fault: 'infrastructure',
    what: `cannot lock ${file}: ${first instanceof Error ? first.message : complaint.trim() || `flock ended with ${first}`}`,
    remedy: 'the cache directory must be writable, and the program flock (package util-linux) installed',
  });
}
