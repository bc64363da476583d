import { expect } from 'vitest';
import type { Check, ClusterContext, Sabotage } from '../../../harness/suite/check.ts';
import { forgetFixture } from '../../../harness/suite/e2e/fixture.ts';
import { runCheck } from '../../../harness/suite/e2e/run-check.ts';
import type { CheckResult } from '../../../harness/suite/e2e/run-check.ts';

/** Milliseconds a mended cluster may need until its check is green again: rules are laid and leases renewed within these. */
const RECOVERY_LIMIT = 180_000;
/** Of the limits that a check gives the cluster: the fault is in before it starts, and what it says in the end is compared. */
const PATIENCE = 1 / 4;

/**
 * A check is worth something only when it is green on a whole cluster, red for the right reason while the fault is in,
 * and green again after the mending.
 */
export async function proveSabotage(context: ClusterContext, check: Check, sabotage: Sabotage): Promise<void> {
  forgetFixture(context);
  // The sabotage before this one may have been another check's, and what it cut off connects again with a delay of its own.
  const whole = await untilGreen(check, context);
  expect(whole, `${check.name} before the sabotage: ${whole.message}`).toMatchObject({ verdict: 'passed' });
  const mend = await sabotage.apply(context);
  let broken: CheckResult;
  try {
    broken = await runCheck(check, { ...context, patience: PATIENCE });
  } finally {
    await mend();
  }
  forgetFixture(context);
  expect(broken, `${check.name} under ${sabotage.name}: ${broken.message}`).toMatchObject({ verdict: 'failed' });
  expect(broken.observed, `${check.name} under ${sabotage.name}`).toMatch(sabotage.observed);
  const mended = await untilGreen(check, context);
  expect(mended, `${check.name} after the mending: ${mended.message}`).toMatchObject({ verdict: 'passed' });
}

/** Mending takes effect with a delay of its own; what it does not reach within the limit is a fault. */
export async function untilGreen(check: Check, context: ClusterContext): Promise<CheckResult> {
  const end = performance.now() + RECOVERY_LIMIT;
  for (;;) {
    const result = await runCheck(check, context);
    if (result.verdict === 'passed' || performance.now() > end) return result;
    forgetFixture(context);
  }
}
