import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { E2E_CHECKS } from '../../harness/suite/e2e/checks.ts';
import { removeFixture } from '../../harness/suite/e2e/fixture.ts';
import type { Check, ClusterContext, Sabotage } from '../../harness/suite/check.ts';
import { openCluster, type LiveCluster } from './live-cluster.ts';
import { proveSabotage } from './prove-sabotage.ts';

/** Every sabotage is proved on the first of these that its check does not skip: some need several nodes, one several control planes. */
const TOPOLOGIES = (process.env['PROOFGRID_SABOTAGE_TOPOLOGIES'] ?? 'all-in-one,small,ha').split(',');
const proved = new Set<string>();
/** Every add-on, so that no check is skipped for want of one. */
const ADD_ONS = { policy: { type: 'kube-router' }, metrics: { type: 'metrics-server' }, storage: { type: 'local-volumes' } } as const;

describe.for(TOPOLOGIES)('every check goes red under its sabotages: %s', (topology) => {
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

  for (const check of E2E_CHECKS) {
    for (const sabotage of check.sabotages) {
      const name = nameOf(check, sabotage);
      test(name, async ({ skip }) => {
        const reason = check.skip?.(context) ?? (proved.has(name) ? 'proved on a smaller topology' : undefined);
        if (reason !== undefined) skip(reason);
        await proveSabotage(context, check, sabotage);
        proved.add(name);
      });
    }
  }
});

function nameOf(check: Check, sabotage: Sabotage): string {
  return `${check.name} under ${sabotage.name}`;
}

test('every sabotage was proved on one of the topologies', ({ skip }) => {
  if (process.env['PROOFGRID_SABOTAGE_TOPOLOGIES'] !== undefined) skip('only some topologies were asked for');
  const all = E2E_CHECKS.flatMap((check) => check.sabotages.map((sabotage) => nameOf(check, sabotage)));
  expect(all.filter((name) => !proved.has(name))).toEqual([]);
});
