import type { Demand, LeaseFacts } from './lease.ts';

/** What all leases of a site may use together; undefined means that nobody counts it. */
export interface Budget {
  readonly cpus?: number;
  /** Bytes. */
  readonly memory?: number;
}

export type Verdict =
  | { readonly type: 'admit' }
  /** `for` names the leases that have to go first. */
  | { readonly type: 'wait'; readonly for: readonly string[] }
  | { readonly type: 'impossible'; readonly reason: string };

/** First come, first served; the name decides within one second of the API server's clock. */
export function comesBefore(a: LeaseFacts, b: LeaseFacts): boolean {
  const difference = a.created.getTime() - b.created.getTime();
  return difference === 0 ? a.id < b.id : difference < 0;
}

/**
 * Whether a lease may have all its machines now. It counts everything that is admitted, and everything that waits longer:
 * a large cell is not starved by small ones. Every namespace is a claim that others can see; whoever has said `admitted`
 * asks once more (`mine.admitted`), and of two that said so at the same time the one that sees the other steps back. So
 * machines are only ever made by leases that fit together, and no lease holds a part of its machines while it waits.
 */
export function admission(mine: LeaseFacts, others: readonly LeaseFacts[], budget: Budget, now: Date): Verdict {
  const tooMuch = beyond(mine.demand, budget);
  if (tooMuch !== undefined) return { type: 'impossible', reason: tooMuch };
  // One that waits and is not renewed any more has no machines and will not get any: it must not hold up the queue.
  const counted = others.filter((other) => other.id !== mine.id && (other.admitted || (now < other.expires && other.terminating === undefined && comesBefore(other, mine))));
  const sum = counted.reduce(plus, mine.demand);
  return beyond(sum, budget) === undefined ? { type: 'admit' } : { type: 'wait', for: counted.map(({ id }) => id) };
}

function plus(sum: Demand, { demand }: LeaseFacts): Demand {
  return { cpus: sum.cpus + demand.cpus, memory: sum.memory + demand.memory };
}

function beyond(demand: Demand, budget: Budget): string | undefined {
  if (budget.memory !== undefined && demand.memory > budget.memory) return `${gibibytes(demand.memory)} of memory where there are ${gibibytes(budget.memory)}`;
  if (budget.cpus !== undefined && demand.cpus > budget.cpus + 1e-9) return `${demand.cpus} cores where there are ${budget.cpus}`;
  return undefined;
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
