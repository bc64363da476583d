import path from 'node:path';
import type { LifecycleEvent } from '../../lifecycle/event.ts';
import { STEPS } from '../../lifecycle/operation.ts';
import { runOperation } from '../../lifecycle/run-operation.ts';
import type { RunRequest, RunResult } from '../../lifecycle/run.ts';
import type { JournalWriter, PhaseId } from '../journal/event.ts';
import type { Examine } from './lost-machines.ts';
import { messageOf, openPhase, verdictOf } from './phase.ts';
import { WarningLog } from './warning-log.ts';

export interface OperationPhase {
  readonly journal: JournalWriter;
  readonly cell: string;
  readonly runRoot: string;
  readonly request: RunRequest;
  readonly examine?: Examine | undefined;
}

/** Runs `deploy` through the lifecycle runner as the phase `lifecycle.deploy`: one case per step. */
export async function deployPhase({ journal, cell, runRoot, request, examine }: OperationPhase): Promise<RunResult> {
  const id: PhaseId = { cell, suite: 'lifecycle', phase: 'deploy' };
  const phase = openPhase(journal, id, [...STEPS]);
  const evidence = path.relative(runRoot, request.logDirectory);
  const seen = new Set<string>();
  const warnings = new WarningLog(journal, cell);
  let last = '';
  const onEvent = (event: LifecycleEvent) => {
    if (event.type === 'step-started') journal.write({ type: 'case-started', ...id, name: event.step });
    if (event.type === 'task-finished' && event.task !== last) {
      last = event.task;
      journal.write({ type: 'progress', cell, message: `${event.step}: ${event.task}` });
    }
    if (event.type === 'step-finished') {
      seen.add(event.step);
      // the failing step is recorded below, where its task and message are known
      if (event.outcome !== 'passed') return;
      phase.record({ name: event.step, classname: 'deploy', verdict: 'passed', durationMs: event.durationMs });
    }
    if (event.type === 'warning') warnings.add(event.message, event.host);
    if (event.type === 'post-condition') {
      const { name, expected, observed, durationMs } = event;
      phase.record({ name, classname: 'post-condition', verdict: event.outcome, durationMs, expected, observed });
    }
  };
  const started = performance.now();
  const ended = await runOperation({ ...request, onEvent }).catch((error: unknown) => notRun(error, performance.now() - started));
  const result = await blame(ended, examine);
  if (result.outcome !== 'passed') recordFailure(phase.record, result, seen, evidence);
  phase.finish();
  return result;
}

/** An operation that could not be run, or not to its end: a phase without an end would say that somebody had aborted it. */
function notRun(error: unknown, durationMs: number): RunResult {
  const verdict = verdictOf(error);
  const outcome = verdict === 'aborted' || verdict === 'timed-out' ? verdict : 'errored';
  return { outcome, durationMs: Math.round(durationMs), changed: 0, failure: { step: '', task: 'run ansible', host: 'localhost', message: messageOf(error) } };
}

/** An operation on machines that died is not the product's failure, whatever Ansible saw of it. */
async function blame(result: RunResult, examine: OperationPhase['examine']): Promise<RunResult> {
  if (examine === undefined || (result.outcome !== 'failed' && result.outcome !== 'timed-out')) return result;
  const { failure } = result;
  const message = await examine(failure?.message);
  if (message === undefined) return result;
  return { ...result, outcome: 'errored', ...(failure === undefined ? {} : { failure: { ...failure, message } }) };
}

function recordFailure(
  record: (result: Parameters<ReturnType<typeof openPhase>['record']>[0]) => void,
  result: RunResult,
  seen: ReadonlySet<string>,
  evidence: string,
): void {
  const { failure } = result;
  const firstUnseen = STEPS.find((step) => !seen.has(step));
  const culprit = failure?.step || (firstUnseen ?? 'post-install');
  record({
    name: culprit,
    classname: 'deploy',
    verdict: result.outcome,
    durationMs: result.durationMs,
    message: failure === undefined ? `the operation ended: ${result.outcome}` : failure.message,
    expected: 'every task of the step succeeds on every machine',
    observed: failure === undefined ? result.outcome : `task "${failure.task}" on ${failure.host}: ${failure.message}`,
    evidence,
    ...(failure?.path === undefined ? {} : { location: failure.path }),
  });
  for (const name of STEPS.filter((step) => !seen.has(step) && step !== culprit)) {
    const message = `not reached: ${culprit} ended ${result.outcome}`;
    record({ name, classname: 'deploy', verdict: 'skipped', durationMs: 0, message });
  }
}

