import type { LeaseSummary } from '../contract.ts';
import { ownerStateFromAfar } from '../owner.ts';
import type { Context } from './context.ts';
import { siteLeases } from './reap.ts';

/** The leases of the site, oldest first. */
export async function listLeases(context: Context): Promise<LeaseSummary[]> {
  const leases = (await siteLeases(context)).map(({ id, cell, owner, pidNamespace, machines, created, expires, kept }): LeaseSummary => ({
    ...{ id, cell, run: owner.run, machines, created, expires, kept },
    owner: { pid: owner.pid, state: ownerStateFromAfar(owner, pidNamespace) },
  }));
  return leases.toSorted((one, other) => one.created.getTime() - other.created.getTime());
}
