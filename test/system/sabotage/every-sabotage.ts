import { afterAll, beforeAll, describe, test } from 'vitest';
import type { ClusterContext } from '../../../harness/suite/check.ts';
import { E2E_CHECKS } from '../../../harness/suite/e2e/checks.ts';
import { removeFixture } from '../../../harness/suite/e2e/fixture.ts';
import { openCluster, type LiveCluster } from '../live-cluster.ts';
import { proveSabotage } from './prove.ts';

/** Checks that skip on one node, or that say more about several. All others are proved on `all-in-one`. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  small: ['pod-to-pod-across-nodes', 'source-addresses', 'dns-survives-replica', 'policy-default-deny', 'policy-egress', 'policy-survives-agent-restart'],
  ha: ['api-endpoint-survives'],
};
/** Every add-on, so that no check is skipped for want of one. */
const ADD_ONS = { policy: { type: 'kube-router' }, metrics: { type: 'metrics-server' }, storage: { type: 'local-volumes' } } as const;

/** Every check has one place, and a check that skips there fails: a sabotage that nobody proves cannot be. */
export function proveEverySabotage(topology: 'all-in-one' | 'small' | 'ha'): void {
  const placed = Object.values(PLACES).flat();
  const checks = E2E_CHECKS.filter(({ name }) => (topology === 'all-in-one' ? !placed.includes(name) : PLACES[topology]?.includes(name)));

  describe(`every check goes red under its sabotages: ${topology}`, () => {
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

    for (const check of checks) {
      for (const sabotage of check.sabotages) {
        test(`${check.name} under ${sabotage.name}`, async () => proveSabotage(context, check, sabotage));
      }
    }
  });
}
