import { setMaxListeners } from 'node:events';
import pLimit, { type LimitFunction } from 'p-limit';
import type { JournalWriter, Verdict } from '../../journal/event.ts';
import { worst } from '../../journal/verdict.ts';
import type { Check, ClusterContext } from '../check.ts';
import { E2E_PHASES } from './checks.ts';
import type { CheckPhase } from './checks.ts';
import { fixture, removeFixture } from './fixture.ts';
import { runCheck, type CheckResult } from './run-check.ts';

const SUITE = 'e2e';
/** Of the limits of a check whose cause has failed already: it will hardly come true, and a person waits for the report. */
const LITTLE_PATIENCE = 1 / 3;
/** Checks wait for the cluster most of the time; more of them at once only slow the pods that they wait for. */
const SIDE_BY_SIDE = 4;

export interface E2eSuite {
  readonly context: ClusterContext;
  readonly journal: JournalWriter;
  /** The cell's slug. */
  readonly cell: string;
  /** Asked after a failure: resolves with its message when it is the machines' and not the product's. */
  readonly examine?: ((message: string | undefined) => Promise<string | undefined>) | undefined;
  /** Other phases than the suite's own, for tests. */
  readonly phases?: readonly CheckPhase[];
}

/** Runs all checks phase by phase, whatever came out before: one report must show everything that is wrong. */
export async function runE2eSuite({ context, journal, cell, examine, phases = E2E_PHASES }: E2eSuite): Promise<Verdict> {
  setMaxListeners(0, context.signal);
  const verdicts: Verdict[] = [];
  const outcomes = new Map<string, Promise<CheckResult>>();
  const red = new Set<string>();
  for (const group of besideEachOther(phases)) {
    // The test pods start while the control plane is looked at, and no earlier: the network of a pod mends the kernel's settings.
    if (phases === E2E_PHASES && group[0] === phases[1]) fixture(context).catch(() => undefined);
    verdicts.push(...await Promise.all(group.map(async (phase) => runPhase({ context, journal, cell, examine, outcomes, red }, phase))));
    for (const { name } of group.flatMap(({ checks }) => checks)) if (isRed(await outcomes.get(name))) red.add(name);
  }
  await removeFixture(context).catch((error: unknown) => context.log(`the checks' namespace was not removed: ${String(error)}`));
  return worst(verdicts);
}

function besideEachOther(phases: readonly CheckPhase[]): CheckPhase[][] {
  const groups: CheckPhase[][] = [];
  for (const phase of phases) {
    const before = groups.at(-1);
    if (phase.beside === true && before !== undefined) before.push(phase);
    else groups.push([phase]);
  }
  return groups;
}

interface Running extends E2eSuite {
  /** Of every check that has begun, once its blockers were asked. */
  readonly outcomes: Map<string, Promise<CheckResult>>;
  /** Of every check of the phases that are over which failed, or would have. */
  readonly red: Set<string>;
}

async function runPhase(suite: Running, { phase, checks }: CheckPhase): Promise<Verdict> {
  const { journal, cell } = suite;
  const id = { cell, suite: SUITE, phase };
  const started = performance.now();
  const elapsed = () => Math.round(performance.now() - started);
  journal.write({ type: 'phase-started', ...id, cases: checks.map(({ name }) => name) });
  const turn = pLimit(SIDE_BY_SIDE);
  const verdicts = await Promise.all(checks.map((check) => runCase(suite, phase, check, turn)));
  const verdict = worst(verdicts);
  journal.write({ type: 'phase-finished', ...id, verdict, durationMs: elapsed() });
  return verdict;
}

async function runCase({ context, journal, cell, examine, outcomes, red }: Running, phase: string, check: Check, turn: LimitFunction): Promise<Verdict> {
  const id = { cell, suite: SUITE, phase };
  const hopeless = check.blockedBy?.some((name) => red.has(name)) === true;
  const asked = hopeless ? { ...context, patience: Math.min(context.patience ?? 1, LITTLE_PATIENCE) } : context;
  let durationMs = 0;
  const ended = turn(async () => {
    const started = performance.now();
    journal.write({ type: 'case-started', ...id, name: check.name });
    const result = await blame(await runCheck(check, asked), examine);
    durationMs = Math.round(performance.now() - started);
    return result;
  });
  // What blocks it may still run beside it: its turn is over by then, so nobody waits for a turn in vain.
  const judged = ended.then(async (result) => blocked(check, result, outcomes));
  outcomes.set(check.name, judged);
  const result = await judged;
  const location = `harness/suite/e2e/check/${check.name}.ts:1`;
  journal.write({ type: 'case-finished', ...id, name: check.name, classname: phase, durationMs, location, ...result });
  return result.verdict;
}

function isRed(result: CheckResult | undefined): boolean {
  return result?.verdict === 'failed' || result?.verdict === 'timed-out' || result?.blockedBy !== undefined;
}

/** A failure that another one explains is not one more; nothing that passed is touched. */
async function blocked({ blockedBy = [] }: Check, result: CheckResult, outcomes: Running['outcomes']): Promise<CheckResult> {
  if (result.verdict !== 'failed' && result.verdict !== 'timed-out') return result;
  for (const name of blockedBy) {
    const cause = await outcomes.get(name);
    if (cause === undefined) continue;
    if (cause.verdict === 'failed' || cause.verdict === 'timed-out') return explained(result, name);
    if (cause.blockedBy !== undefined) return explained(result, cause.blockedBy);
  }
  return result;
}

function explained({ message = '' }: CheckResult, cause: string): CheckResult {
  return { verdict: 'skipped', message: `blocked by ${cause}; it saw: ${message}`, blockedBy: cause };
}

/** A check of machines that died says nothing about the product, whatever it saw of them. */
async function blame(result: CheckResult, examine: E2eSuite['examine']): Promise<CheckResult> {
  if (examine === undefined || (result.verdict !== 'failed' && result.verdict !== 'timed-out')) return result;
  const message = await examine(result.message);
  return message === undefined ? result : { ...result, verdict: 'errored', message };
}
