import { expect } from 'vitest';
import type { JournalEvent } from '../../../harness/journal/event.ts';
import type { Check, ClusterContext, Sabotage } from '../../../harness/suite/check.ts';
import { deployChangesNothing } from '../../../harness/suite/e2e/check/deploy-changes-nothing.ts';
import { E2E_CHECKS, E2E_PHASES, type CheckPhase } from '../../../harness/suite/e2e/checks.ts';
import { fixture, forgetFixture } from '../../../harness/suite/e2e/fixture.ts';
import { runCheck } from '../../../harness/suite/e2e/run-check.ts';
import { runE2eSuite } from '../../../harness/suite/e2e/run.ts';
import { onLiveCluster, type Place } from '../../system/sabotage/every-sabotage.ts';
import { untilGreen } from '../../system/sabotage/prove.ts';

/** Red checks of one fault that a person can take in; more of them hide the one that names the cause. */
const MOST_RED = 3;
/** Of the limits that checks give the cluster: the fault is in before they start. */
const PATIENCE = 1 / 4;

/** What a whole suite says under each fault: few checks are red, and the one that is made for the fault is among them. */
export function proveOneCause(topology: Place): void {
  onLiveCluster(`a fault turns few checks red: ${topology}`, topology, ({ sabotages }) => sabotages, proveFault);
}

function redIn(lines: readonly JournalEvent[]): string[] {
  return lines.flatMap((line) => (line.type === 'case-finished' && line.verdict !== 'passed' && line.verdict !== 'skipped' ? [`${line.name} ${line.verdict}: ${line.message}`] : []));
}

/** On a slow machine little patience makes red what a person would see green: such checks get all of it, still under the fault. */
async function redWithPatience(context: ClusterContext, red: readonly string[]): Promise<string[]> {
  forgetFixture(context);
  const still: string[] = [];
  for (const line of red) {
    const check = E2E_CHECKS.find(({ name }) => line.startsWith(`${name} `));
    if (check === undefined || (await runCheck(check, context)).verdict !== 'passed') still.push(line);
  }
  return still;
}

function mends({ checks }: Pick<CheckPhase, 'checks'>): boolean {
  return checks.some(({ name }) => name === deployChangesNothing.name);
}

async function proveFault(context: ClusterContext, check: Check, sabotage: Sabotage): Promise<void> {
  forgetFixture(context);
  await fixture(context);
  const mend = await sabotage.apply(context);
  const lines: JournalEvent[] = [];
  let red: readonly string[];
  try {
    // what stops and restarts things would change the fault that is looked at
    const phases = E2E_PHASES.map(({ checks, ...phase }) => ({ ...phase, checks: checks.filter((each) => each === check || each.needs?.includes('disruption') !== true) }));
    // and a deploy mends what it finds changed, so it comes last
    const ordered = phases.toSorted((one, other) => Number(mends(one)) - Number(mends(other)));
    const journal = { write: (event: JournalEvent) => void lines.push(event), mask: () => undefined };
    await runE2eSuite({ context: { ...context, patience: PATIENCE }, journal, cell: 'sabotaged', phases: ordered });
    red = redIn(lines);
    if (red.length > MOST_RED) red = await redWithPatience(context, red);
  } finally {
    await mend();
  }
  forgetFixture(context);
  expect(red.length, red.join('\n')).toBeLessThanOrEqual(MOST_RED);
  const named = lines.flatMap((line) => (line.type === 'case-finished' && line.name === check.name ? [line.blockedBy ?? line.name] : []));
  expect(red.map((line) => line.split(' ', 1)[0]), `${check.name} or what explains it is among: ${red.join('\n')}`).toEqual(expect.arrayContaining(named));
  expect(await untilGreen(check, context), `${check.name} after the mending`).toMatchObject({ verdict: 'passed' });
}
