import { untrusted, type Failure } from './error.ts';

/** `idempotent`: a second time changes nothing more (reads, applies, merge patches, removals). `once`: creations, actions. */
export type Safety = 'idempotent' | 'once';

export interface Attempt {
  readonly safety: Safety;
  readonly failure: Failure;
  /** How many attempts there were, this one included. */
  readonly attempts: number;
  /** Milliseconds since the first attempt. */
  readonly elapsedMs: number;
  /** Milliseconds in all; an API server that restarts is back well within it. */
  readonly limitMs: number;
}

const FIRST_DELAY = 200;
const LONGEST_DELAY = 5000;
/** 500: `etcdserver: leader changed` and the like. 502–504: a load balancer between two API servers. */
const TRANSIENT = new Set([500, 502, 503, 504]);
/**
 * Quota admission found the quota changed by somebody else, more often than it tries again; what was asked for was not done.
 * https://github.com/kubernetes/kubernetes/issues/67761
 */
const QUOTA_CONFLICT = /cannot be fulfilled on resourcequotas/;

/**
 * Milliseconds until the request may be sent again, or undefined when it must not be: because that could do something
 * twice, because the answer will stay the same, or because the limit is over.
 * @param random in [0, 1); spreads clients that failed together
 */
export function retryDelay({ safety, failure, attempts, elapsedMs, limitMs }: Attempt, random: number): number | undefined {
  if (!mayRepeat(safety, failure)) return undefined;
  const backoff = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** (attempts - 1));
  const delay = Math.max(failure.retryAfterMs ?? 0, backoff * (0.5 + random / 2));
  return elapsedMs + delay > limitMs ? undefined : delay;
}

function mayRepeat(safety: Safety, failure: Failure): boolean {
  const { status, message, unsent } = failure;
  if (untrusted(failure)) return false;
  // Refused before it was looked at (API priority and fairness).
  if (status === 429 || (status === 409 && QUOTA_CONFLICT.test(message))) return true;
  if (status !== undefined) return safety === 'idempotent' && TRANSIENT.has(status);
  return unsent || safety === 'idempotent';
}
