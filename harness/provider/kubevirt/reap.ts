import type { ReapedLease } from '../contract.ts';
import { ownerStateFromAfar } from '../owner.ts';
import type { Context } from './context.ts';
import { parseLease, type LeaseFacts } from './lease.ts';
import { LABEL, namespaceOf } from './names.ts';
import type { KubeObject, Namespace } from './objects.ts';
import { reapReason } from './reap-decision.ts';
import { LeaseChanged, REMOVAL_LIMIT, removeLease } from './removal.ts';

/** All leases of the site. Namespaces with our labels that do not parse are somebody else's matter. */
export async function siteLeases({ client, site, clock }: Context, signal?: AbortSignal): Promise<LeaseFacts[]> {
  const labelSelector = `${LABEL.lease},${LABEL.site}=${site.name}`;
  const { items, date } = await client.list<Namespace>({ kind: 'Namespace' }, { labelSelector, signal });
  clock.heard(date);
  return items.flatMap((namespace) => parseLease(namespace) ?? []);
}

/**
 * Removes every lease of the site that nobody needs any more. Safe from anywhere and at any time, beside any number of runs
 * and of itself: a lease that was renewed after it was judged has another version, and is not removed.
 * `now` counts as the distance to this host's clock only: times are the API server's.
 */
export async function reap(context: Context, { dryRun, now }: { readonly dryRun: boolean; readonly now: Date }, limitMs = REMOVAL_LIMIT): Promise<ReapedLease[]> {
  const ahead = now.getTime() - Date.now();
  const leases = await siteLeases(context);
  const judged = await Promise.all(leases.map(async (lease) => ({ lease, reason: await reasonNow(context, lease, ahead) })));
  const reaped = await Promise.all(
    judged.map(async ({ lease, reason }): Promise<ReapedLease[]> => {
      if (reason === undefined) return [];
      const { id, cell, uid, resourceVersion, terminating, runnerPod } = lease;
      const resources = await resourcesOf(context, lease);
      if (dryRun) return [{ id, cell, reason, resources }];
      // One that is going already changes by itself; its name belongs to it alone.
      const version = terminating === undefined ? { resourceVersion } : {};
      try {
        const left = await removeLease(context, { id, uid, ...version, runnerPod }, limitMs);
        return [{ id, cell, reason, resources, ...(left.length > 0 ? { remaining: left } : {}) }];
      } catch (error) {
        if (error instanceof LeaseChanged) return [];
        return [{ id, cell, reason, resources, remaining: [`namespace/${namespaceOf(id)}: ${error instanceof Error ? error.message : String(error)}`] }];
      }
    }),
  );
  if (!dryRun) await removeStaleReservations(context);
  return reaped.flat();
}

async function reasonNow(context: Context, lease: LeaseFacts, aheadMs: number): Promise<ReapedLease['reason'] | undefined> {
  const owner = ownerStateFromAfar(lease.owner, lease.pidNamespace);
  const runnerAlive = owner === 'alive' ? true : await runnerLives(context, lease);
  return reapReason({ lease, owner, runnerAlive }, new Date(context.clock.now().getTime() + aheadMs));
}

/** The garbage collector removes the lease's shadow together with the runner's pod. */
async function runnerLives({ client }: Context, { runnerPod, namespace }: LeaseFacts): Promise<boolean | undefined> {
  if (runnerPod === undefined) return undefined;
  try {
    return (await client.get({ kind: 'Lease', namespace: runnerPod.namespace, name: namespace })) !== undefined;
  } catch {
    return undefined;
  }
}

async function resourcesOf({ client }: Context, { namespace }: LeaseFacts): Promise<string[]> {
  const kinds = ['VirtualMachine', 'DataVolume'] as const;
  const found = await Promise.all(
    kinds.map(async (kind) => {
      const { items } = await client.list<KubeObject>({ kind, namespace }).catch(() => ({ items: [] }));
      return items.map(({ metadata }) => `${kind.toLowerCase()}/${namespace}/${metadata.name}`);
    }),
  );
  return [...found.flat(), `namespace/${namespace}`];
}

/** Addresses of leases that are gone: a run that died between the removal of its namespace and of these. */
async function removeStaleReservations({ client, site }: Context): Promise<void> {
  if (site.network.type === 'bridge' && site.network.virtualAddresses === undefined) return;
  const place = { kind: 'Lease', namespace: site.controlNamespace } as const;
  const { items } = await client.list<KubeObject>(place, { labelSelector: `${LABEL.lease},${LABEL.site}=${site.name}` });
  for (const { metadata } of items) {
    const lease = metadata.labels?.[LABEL.lease] ?? '';
    if ((await client.get({ kind: 'Namespace', name: namespaceOf(lease) })) !== undefined) continue;
    await client.remove({ ...place, name: metadata.name }, { uid: metadata.uid, resourceVersion: metadata.resourceVersion });
  }
}
