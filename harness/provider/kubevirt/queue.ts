import { setTimeout as delay } from 'node:timers/promises';
import { ProofgridError } from '../../../lifecycle/error.ts';
import type { Progress } from '../contract.ts';
import { admission, type Budget, type Verdict } from './admission.ts';
import { budgetOf } from './capacity.ts';
import type { Context } from './context.ts';
import { gone, renewLease } from './heartbeat.ts';
import { ADMISSION, type LeaseFacts } from './lease.ts';
import { reap, siteLeases } from './reap.ts';

/** Milliseconds between two looks at the queue; others leave it after minutes. */
const LOOK = 3000;
/** Milliseconds that a lease may wait. A pipeline's own limit is usually one hour. */
export const QUEUE_LIMIT = 3_600_000;
/** Milliseconds between two looks for leases that nobody needs: the dead must not hold up the queue. */
const REAP_INTERVAL = 60_000;
/** Milliseconds after which it is said again that the queue is waited for: a log that shows nothing for an hour looks dead. */
const SAY_AGAIN = 60_000;
/** Milliseconds that the removal of somebody else's lease may hold up the queue. */
const REAP_LIMIT = 10_000;

/** Waits until the whole lease fits. @throws ProofgridError CAPACITY_* (infrastructure), LEASE_GONE */
export async function untilAdmitted(context: Context, id: string, cell: string, { signal, report }: Progress, limitMs = QUEUE_LIMIT): Promise<LeaseFacts> {
  const end = performance.now() + limitMs;
  const budget = await budgetOf(context);
  let reaped = performance.now();
  let told = '';
  let toldAt = 0;
  for (;;) {
    const verdict = await claim(context, id, cell, budget, signal);
    if (verdict.type === 'admitted') return verdict.lease;
    if (verdict.type === 'impossible') throw impossible(cell, verdict.reason);
    const others = verdict.for.join(', ');
    if (others !== told || performance.now() - toldAt >= SAY_AGAIN) {
      report(`waits for capacity behind ${verdict.for.length} leases: ${others}`);
      told = others;
      toldAt = performance.now();
    }
    if (performance.now() > end) throw tooLong(cell, limitMs, others);
    await delay(LOOK * (0.75 + Math.random() / 2), undefined, { signal });
    if (performance.now() - reaped < REAP_INTERVAL) continue;
    await reap(context, { dryRun: false, now: new Date() }, REAP_LIMIT).catch(() => undefined); // another's failure; the queue itself tells
    reaped = performance.now();
  }
}

type Claim = Exclude<Verdict, { readonly type: 'admit' }> | { readonly type: 'admitted'; readonly lease: LeaseFacts };

/** Says `admitted` when the lease fits, looks once more, and steps back when somebody else said so meanwhile. */
async function claim(context: Context, id: string, cell: string, budget: Budget, signal: AbortSignal): Promise<Claim> {
  const look = async () => {
    const leases = await siteLeases(context, signal);
    const mine = leases.find((lease) => lease.id === id);
    if (mine === undefined || mine.terminating !== undefined) throw gone(id, cell);
    return { mine, verdict: admission(mine, leases, budget, context.clock.now()) };
  };
  const before = await look();
  if (before.verdict.type !== 'admit') return before.verdict;
  await renewLease(context, before.mine, { [ADMISSION.state]: 'admitted' });
  const after = await look();
  if (after.verdict.type === 'admit') return { type: 'admitted', lease: after.mine };
  await renewLease(context, after.mine, { [ADMISSION.state]: 'waiting' });
  return after.verdict;
}

function impossible(cell: string, reason: string): ProofgridError {
  return new ProofgridError({
    code: 'CAPACITY_TOO_SMALL',
    fault: 'infrastructure',
    what: `the cell ${cell} needs ${reason}`,
    remedy: 'choose a smaller topology, or give the site more capacity',
  });
}

function tooLong(cell: string, limitMs: number, others: string): ProofgridError {
  return new ProofgridError({
    code: 'CAPACITY_TIMED_OUT',
    fault: 'infrastructure',
    what: `the cell ${cell} waited ${limitMs / 60_000} min for capacity, behind the leases ${others}`,
    remedy: 'run it again later, or give the site more capacity',
  });
}
