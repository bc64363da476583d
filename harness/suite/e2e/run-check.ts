import { setMaxListeners } from 'node:events';
import { ProofgridError } from '../../../lifecycle/error.ts';
import type { Verdict } from '../../journal/event.ts';
import type { Check, ClusterContext } from '../check.ts';
import { ProductFault } from './product-fault.ts';

export interface CheckResult {
  readonly verdict: Verdict;
  readonly message?: string;
  readonly expected?: string;
  readonly observed?: string;
  /** A file that says more. */
  readonly evidence?: string;
  /** For `skipped`: the check whose failure explains this one's. */
  readonly blockedBy?: string;
}

/**
 * Runs one check within its limit and judges how it ended. What the product did wrong is `failed`, whether returned or
 * thrown; a machine out of reach and every unknown error are `errored`, which says nothing about the product.
 */
export async function runCheck(check: Check, context: ClusterContext): Promise<CheckResult> {
  const reason = lacking(check, context) ?? check.skip?.(context);
  if (reason !== undefined) return { verdict: 'skipped', message: reason };
  const limit = new AbortController();
  const signal = AbortSignal.any([context.signal, limit.signal]);
  // Every request listens to it; Node warns of a leak at eleven.
  setMaxListeners(0, signal);
  const timer = setTimeout(() => limit.abort(), check.limitMs);
  try {
    signal.throwIfAborted();
    const ended = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));
    // A check that does not heed the signal must not hold up the run either.
    const { passed, expected, observed, evidence } = await Promise.race([check.run({ ...context, signal }), ended]);
    return passed ? { verdict: 'passed', expected, observed } : { ...failed(expected, observed), ...(evidence !== undefined && { evidence }) };
  } catch (error) {
    if (context.signal.aborted) return { verdict: 'aborted', message: 'the run was interrupted' };
    if (limit.signal.aborted) return { verdict: 'timed-out', message: `no result within ${check.limitMs / 1000} s` };
    return judgeError(error);
  } finally {
    clearTimeout(timer);
  }
}

function lacking({ needs = [] }: Check, { missing }: ClusterContext): string | undefined {
  const need = needs.find((each) => missing?.[each] !== undefined);
  return need === undefined ? undefined : missing?.[need];
}

function failed(expected: string, observed: string): CheckResult {
  return { verdict: 'failed', message: observed, expected, observed };
}

function judgeError(error: unknown): CheckResult {
  if (error instanceof ProductFault) return failed(error.expected, error.observed);
  if (error instanceof ProofgridError) {
    return { verdict: error.fault === 'timed-out' ? 'timed-out' : error.fault === 'failed' ? 'failed' : 'errored', message: error.message };
  }
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { verdict: 'errored', message: `${what} (unexpected: a fault of the check itself, please report it)` };
}
