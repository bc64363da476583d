import { expect } from 'vitest';
import type { JournalEvent } from '../../../harness/journal/event.ts';
import type { Check, ClusterContext, Sabotage } from '../../../harness/suite/check.ts';
import { deployChangesNothing } from '../../../harness/suite/e2e/check/deploy-changes-nothing.ts';
import { E2E_CHECKS, E2E_PHASES, type CheckPhase } from '../../../harness/suite/e2e/checks.ts';
import { fixture, forgetFixture } from '../../../harness/suite/e2e/fixture.ts';
import { runCheck, type CheckResult } from '../../../harness/suite/e2e/run-check.ts';
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

/** On a slow machine little patience makes red what a person would see green: names of such checks, which get all of it. */
async function greenWithPatience(context: ClusterContext, red: readonly string[]): Promise<string[]> {
  const asked = await Promise.all(E2E_CHECKS.filter(({ name }) => red.some((line) => nameIn(line) === name)).map(async (check) => ({ name: check.name, result: await runCheck(check, context) })));
  return asked.filter(({ result }) => result.verdict === 'passed').map(({ name }) => name);
}

/** The check whose failure explains this one's. */
function explanationOf(check: Check, lines: readonly JournalEvent[]): string | undefined {
  return lines.flatMap((line) => (line.type === 'case-finished' && line.name === check.name ? [line.blockedBy] : []))[0];
}

function nameIn(line: string): string {
  return line.split(' ', 1)[0] ?? '';
}

/** A deploy mends what it finds changed: it comes last, and just before it others are asked again, still under the fault. */
function last({ checks, ...phase }: CheckPhase, before: () => Promise<void>): CheckPhase {
  const longest = Math.max(...E2E_CHECKS.map(({ limitMs }) => limitMs));
  const after = (check: Check): Check => ({ ...check, limitMs: check.limitMs + longest, run: async (context) => before().then(async () => check.run(context)) });
  return { ...phase, checks: checks.map(after) };
}

function deploys({ checks }: Pick<CheckPhase, 'checks'>): boolean {
  return checks.some(({ name }) => name === deployChangesNothing.name);
}

async function proveFault(context: ClusterContext, check: Check, sabotage: Sabotage): Promise<void> {
  forgetFixture(context);
  await fixture(context);
  const mend = await sabotage.apply(context);
  const lines: JournalEvent[] = [];
  let slow: readonly string[] = [];
  let asked: CheckResult | undefined;
  try {
    // what stops and restarts things would change the fault that is looked at
    const phases = E2E_PHASES.map(({ checks, ...phase }) => ({ ...phase, checks: checks.filter((each) => each === check || each.needs?.includes('disruption') !== true) }));
    const askAgain = async () => {
      // the deploy may be one more
      if (redIn(lines).length >= MOST_RED) slow = await greenWithPatience(context, redIn(lines));
      const blockedBy = explanationOf(check, lines);
      // what explains it may be slow itself, and then explains nothing
      if (blockedBy !== undefined && (await greenWithPatience(context, [blockedBy])).length > 0) slow = [...slow, blockedBy];
      if (blockedBy !== undefined && slow.includes(blockedBy)) asked = await runCheck(check, context);
    };
    const ordered = [...phases.filter((phase) => !deploys(phase)), ...phases.filter(deploys).map((phase) => last(phase, askAgain))];
    const journal = { write: (event: JournalEvent) => void lines.push(event), mask: () => undefined };
    await runE2eSuite({ context: { ...context, patience: PATIENCE }, journal, cell: 'sabotaged', phases: ordered });
  } finally {
    await mend();
  }
  forgetFixture(context);
  const red = redIn(lines).filter((line) => !slow.includes(nameIn(line)));
  expect(red.length, red.join('\n')).toBeLessThanOrEqual(MOST_RED);
  const blockedBy = explanationOf(check, lines);
  if (blockedBy !== undefined && slow.includes(blockedBy)) expect(asked?.verdict, `${check.name} once more, as ${blockedBy} is only slow`).toMatch(/^(failed|timed-out)$/);
  else expect(red.map(nameIn), `${check.name} or what explains it is among: ${red.join('\n')}`).toContain(blockedBy ?? check.name);
  expect(await untilGreen(check, context), `${check.name} after the mending`).toMatchObject({ verdict: 'passed' });
}
