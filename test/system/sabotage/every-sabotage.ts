import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Check, ClusterContext, Sabotage } from '../../../harness/suite/check.ts';
import { E2E_CHECKS } from '../../../harness/suite/e2e/checks.ts';
import { removeFixture } from '../../../harness/suite/e2e/fixture.ts';
import { openCluster, type LiveCluster } from '../live-cluster.ts';
import { proveSabotage } from './prove.ts';

/** Clusters on which sabotages are proved: a topology, or `small` with other values of its axes. */
export type Place = keyof typeof CLUSTERS;
const CLUSTERS = {
  'all-in-one': { topology: 'all-in-one', axes: {} },
  small: { topology: 'small', axes: {} },
  ha: { topology: 'ha', axes: {} },
  'dual-stack': { topology: 'small', axes: { families: 'dual-stack' } },
} as const;

/** Checks that skip on one node, or that say more about several. All others are proved on `all-in-one`. */
const PLACES: Readonly<Record<Exclude<Place, 'all-in-one'>, readonly string[]>> = {
  small: ['scheduler-obeys', 'pod-to-pod-across-nodes', 'source-addresses', 'dns-survives-replica', 'policy-default-deny', 'policy-egress', 'policy-survives-agent-restart'],
  ha: ['api-endpoint-survives'],
  // In test/full: the clusters of `npm test` have one family of addresses.
  'dual-stack': ['dual-stack-pods', 'dual-stack-services'],
};
/** Every add-on, so that no check is skipped for want of one. */
const ADD_ONS = { policy: { type: 'kube-router' }, metrics: { type: 'metrics-server' }, storage: { type: 'local-volumes' } } as const;

/** Every check has one place, and a check that skips there fails: a sabotage that nobody proves cannot be. */
export function checksAt(place: Place): Check[] {
  const placed = Object.values(PLACES).flat();
  return E2E_CHECKS.filter(({ name }) => (place === 'all-in-one' ? !placed.includes(name) : PLACES[place].includes(name)));
}

/** That no check is green for ever: the first sabotage of each, in `npm test`. */
export function proveEveryCheck(place: Place): void {
  onLiveCluster(`every check goes red: ${place}`, place, ({ sabotages }) => sabotages.slice(0, 1), proveSabotage);
}

/** What `proveEveryCheck` leaves out, in `npm run test:full`. */
export function proveOtherSabotages(place: Place): void {
  onLiveCluster(`every check goes red under its other sabotages: ${place}`, place, ({ sabotages }) => sabotages.slice(1), proveSabotage);
}

/** A test for each of these sabotages that has its place here, on one cluster for all of them. */
export function onLiveCluster(title: string, place: Place, chosen: (check: Check) => readonly Sabotage[], prove: (context: ClusterContext, check: Check, sabotage: Sabotage) => Promise<void>): void {
  describe(title, () => {
    let cluster: LiveCluster;
    let context: ClusterContext;

    beforeAll(async () => {
      cluster = await openCluster(CLUSTERS[place].topology, CLUSTERS[place].axes, ADD_ONS);
      context = cluster.context;
    });
    afterAll(async () => {
      if (cluster === undefined) return;
      await removeFixture(context);
      await cluster.close();
    });

    for (const check of checksAt(place)) {
      for (const sabotage of chosen(check)) {
        test(`${check.name} under ${sabotage.name}`, async () => prove(context, check, sabotage));
      }
    }
  });
}
