import { setTimeout as delay } from 'node:timers/promises';

export interface LimiterOptions {
  /** Requests a second in the long run. */
  readonly qps: number;
  /** Requests at once after a pause. */
  readonly burst: number;
  /** Milliseconds; injected in tests. */
  readonly now?: () => number;
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** Resolves when the next request may go; first come, first served. */
export type Limiter = (signal?: AbortSignal) => Promise<void>;

/** Bound once: a test that moves the clock of one wait would keep every later request waiting. */
const monotonic = performance.now.bind(performance);

/** A token bucket: an API server that many pipelines share is never flooded by one of them. */
export function createLimiter({ qps, burst, now = monotonic, sleep = pause }: LimiterOptions): Limiter {
  const interval = 1000 / qps;
  /** When the bucket would be full; each request moves it on by one interval. */
  let full = now();
  return async (signal) => {
    signal?.throwIfAborted();
    const at = now();
    full = Math.max(full, at) + interval;
    const wait = full - at - burst * interval;
    if (wait > 0) await sleep(wait, signal);
  };
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(ms, undefined, signal === undefined ? {} : { signal });
}
