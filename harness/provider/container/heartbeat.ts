import { ProofgridError } from '../../../lifecycle/error.ts';
import type { Lease } from '../contract.ts';
import { pidNamespace, processOwner } from '../owner.ts';
import type { Engine, VolumeResource } from './engine.ts';
import { readLease, writeLeaseState } from './lease-volume.ts';

/**
 * Renews a lease. Whoever renews it owns it from now on: a resumed run takes over the machines of the run before it.
 * @throws ProofgridError LEASE_GONE when it has been released or reaped
 */
export async function renewLease(engine: Engine, { id, cell }: Lease, change: { kept?: boolean; timeToLive?: number }): Promise<void> {
  const volume = await leaseVolume(engine, id);
  const facts = volume === undefined ? undefined : await readLease(volume);
  if (volume === undefined || facts === undefined) throw gone(id, cell);
  const timeToLive = change.timeToLive ?? facts.timeToLive;
  await writeLeaseState(volume.mountpoint, {
    owner: processOwner(facts.owner.run),
    namespace: pidNamespace(),
    kept: change.kept ?? facts.kept,
    timeToLive,
    expires: new Date(Date.now() + timeToLive),
  }).catch((cause: unknown) => {
    throw gone(id, cell, cause);
  });
}

export async function leaseVolume(engine: Engine, id: string): Promise<VolumeResource | undefined> {
  return (await engine.volumes(id))[0];
}

function gone(id: string, cell: string, cause?: unknown): ProofgridError {
  return new ProofgridError({
    code: 'LEASE_GONE',
    fault: 'infrastructure',
    what: `lease ${id} of cell ${cell} does not exist any more`,
    remedy: 'start the run again',
    ...(cause === undefined ? {} : { cause }),
  });
}
