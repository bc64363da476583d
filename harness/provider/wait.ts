import { setTimeout as delay } from 'node:timers/promises';
import { ProofgridError } from '../../lifecycle/error.ts';

export interface Wait {
  /** What is waited for; appears in the error. */
  readonly name: string;
  /** Milliseconds. */
  readonly limitMs: number;
  /** Milliseconds between two attempts. */
  readonly intervalMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Repeats `attempt` until it returns something.
 * @throws ProofgridError WAIT_TIMED_OUT when the limit is over, or the signal's reason
 */
export async function waitFor<T>({ name, limitMs, intervalMs, signal }: Wait, attempt: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    signal?.throwIfAborted();
    const result = await attempt();
    if (result !== undefined) return result;
    if (performance.now() > end) throw timedOut(name, limitMs);
    await delay(intervalMs, undefined, signal === undefined ? {} : { signal });
  }
}

function timedOut(name: string, limitMs: number): ProofgridError {
  return new ProofgridError({ code: 'WAIT_TIMED_OUT', fault: 'timed-out', what: `${name}: not within ${limitMs / 1000} s` });
}
