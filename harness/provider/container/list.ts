import type { LeaseSummary } from '../contract.ts';
import { ownerState } from '../owner.ts';
import type { Engine } from './engine.ts';
import { foundLeases } from './reap.ts';

/** The leases of this host, oldest first. */
export async function listLeases(engine: Engine): Promise<LeaseSummary[]> {
  const leases = (await foundLeases(engine)).flatMap(({ facts }): LeaseSummary[] => {
    if (facts === undefined) return [];
    const { id, cell, owner, namespace, machines, created, expires, kept } = facts;
    return [{ id, cell, run: owner.run, machines, owner: { pid: owner.pid, state: ownerState(owner, namespace) }, created, expires, kept }];
  });
  return leases.toSorted((one, other) => one.created.getTime() - other.created.getTime());
}
