import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Check, ClusterContext, Sabotage } from '../../../harness/suite/check.ts';
import { E2E_CHECKS } from '../../../harness/suite/e2e/checks.ts';
import { removeFixture } from '../../../harness/suite/e2e/fixture.ts';
import { openCluster, type LiveCluster } from '../live-cluster.ts';
import { proveSabotage } from './prove.ts';

/** Checks that skip on one node, or that say more about several. All others are proved on `all-in-one`. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  small: ['scheduler-obeys', 'pod-to-pod-across-nodes', 'source-addresses', 'dns-survives-replica', 'policy-default-deny', 'policy-egress', 'policy-survives-agent-restart'],
  ha: ['api-endpoint-survives'],
};
/** Every add-on, so that no check is skipped for want of one. */
const ADD_ONS = { policy: { type: 'kube-router' }, metrics: { type: 'metrics-server' }, storage: { type: 'local-volumes' } } as const;

export type Place = 'all-in-one' | 'small' | 'ha';

/** Every check has one place, and a check that skips there fails: a sabotage that nobody proves cannot be. */
export function checksAt(place: Place): Check[] {
  const placed = Object.values(PLACES).flat();
  return E2E_CHECKS.filter(({ name }) => (place === 'all-in-one' ? !placed.includes(name) : PLACES[place]?.includes(name)));
}

export function proveEverySabotage(topology: Place): void {
  onLiveCluster(`every check goes red under its sabotages: ${topology}`, topology, proveSabotage);
}

/** A test for every sabotage that has its place here, on one cluster for all of them. */
export function onLiveCluster(title: string, topology: Place, prove: (context: ClusterContext, check: Check, sabotage: Sabotage) => Promise<void>): void {
  describe(title, () => {
    let cluster: LiveCluster;
    let context: ClusterContext;

    beforeAll(async () => {
      cluster = await openCluster(topology, {}, ADD_ONS);
      context = cluster.context;
    });
    afterAll(async () => {
      if (cluster === undefined) return;
      await removeFixture(context);
      await cluster.close();
    });

    for (const check of checksAt(topology)) {
      for (const sabotage of check.sabotages) {
        test(`${check.name} under ${sabotage.name}`, async () => prove(context, check, sabotage));
      }
    }
  });
}
