import type { ReapedLease } from '../contract.ts';
import { ownerState } from '../owner.ts';
import type { Engine, Resource } from './engine.ts';
import { LEASE_LABEL, labelOf, parseLeaseLabels } from './labels.ts';
import { readLease } from './lease-volume.ts';
import { reapReason, type FoundLease } from './reap-decision.ts';
import { leaseCreationsEnd, remains, removeLease } from './removal.ts';

/** Removes every lease that nobody needs any more. Safe at any time, beside any number of runs and of itself. */
export async function reap(engine: Engine, { dryRun, now }: { readonly dryRun: boolean; readonly now: Date }): Promise<ReapedLease[]> {
  await leaseCreationsEnd(engine);
  const reaped: ReapedLease[] = [];
  for (const lease of await foundLeases(engine)) {
    const reason = reasonNow(lease, now);
    if (reason === undefined || lease.facts === undefined) continue;
    // Released or taken over by its owner in the meantime?
    const [current] = await foundLeases(engine, lease.id);
    if (current === undefined || reasonNow(current, now) === undefined) continue;
    const resources = await remains(engine, lease.id);
    const left = dryRun ? [] : await removeLease(engine, lease.id).catch((error: unknown) => [String(error)]);
    reaped.push({ id: lease.id, cell: lease.facts.cell, reason, resources, ...(left.length > 0 ? { remaining: left } : {}) });
  }
  return reaped;
}

function reasonNow(lease: FoundLease, now: Date): ReapedLease['reason'] | undefined {
  return lease.facts === undefined ? undefined : reapReason(lease, ownerState(lease.facts.owner, lease.facts.namespace), now);
}

/**
 * Volumes are listed last: an acquisition makes the volume first, so whatever container or network is seen has its volume
 * in a later list, unless it really has none.
 */
export async function foundLeases(engine: Engine, id?: string): Promise<FoundLease[]> {
  const containers = await engine.containers(id);
  const networks = await engine.networks(id);
  const volumes = await engine.volumes(id);
  const all: readonly Resource[] = [...volumes, ...networks, ...containers];
  const ids = [...new Set(all.flatMap(({ labels }) => labels[LEASE_LABEL] ?? []))];
  const names = (resources: readonly Resource[], lease: string) =>
    resources.filter(({ labels }) => labels[LEASE_LABEL] === lease).map(({ name }) => name);
  return Promise.all(
    ids.map(async (lease): Promise<FoundLease> => {
      const volume = volumes.find(({ labels }) => labelOf(labels, 'lease') === lease);
      const fromVolume = volume === undefined ? undefined : await readLease(volume);
      const fromOthers = all.filter(({ labels }) => labels[LEASE_LABEL] === lease).map(({ labels }) => parseLeaseLabels(labels));
      return {
        id: lease,
        facts: fromVolume ?? fromOthers.find((facts) => facts !== undefined),
        hasVolume: volume !== undefined,
        containers: names(containers, lease),
        networks: names(networks, lease),
        volumes: names(volumes, lease),
      };
    }),
  );
}
