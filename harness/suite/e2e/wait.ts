import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterContext } from '../check.ts';
import { ProductFault } from './product-fault.ts';

export interface Wait<T> {
  /** What must come true, as a person says it: `pod a-w1 is running`. */
  readonly what: string;
  /** Milliseconds. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
  /** Milliseconds between attempts. */
  readonly intervalMs?: number;
  /** `{ value }` ends the wait; anything thrown as ProductFault counts as not yet. */
  attempt(): Promise<{ readonly value: T } | { readonly observed: string }>;
}

/** A named wait with a limit. @throws ProductFault with what was last observed once the limit is over */
export async function until<T>({ what, limitMs, signal, intervalMs = 200, attempt }: Wait<T>): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    const result = await attempt().catch(asObserved);
    if ('value' in result) return result.value;
    if (performance.now() + intervalMs > end) throw new ProductFault(`${what} within ${limitMs / 1000} s`, result.observed);
    await delay(intervalMs, undefined, { signal });
  }
}

function asObserved(error: unknown): { observed: string } {
  if (error instanceof ProductFault) return { observed: error.observed };
  throw error;
}

/** A limit in milliseconds for something that the cluster does by itself, as patient as the context says. */
export function patiently({ patience = 1 }: ClusterContext, limitMs: number): number {
  return Math.round(limitMs * patience);
}
