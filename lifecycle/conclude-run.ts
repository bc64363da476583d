import { diskFull, fullDirectory, tellsOfFullDisk } from './disk-full.ts';
import { formatDuration } from './duration.ts';
import type { Outcome } from './event.ts';
import { shorten } from './mask.ts';
import type { RunResult } from './run.ts';
import type { SupervisedEnd } from './supervised-process.ts';
import type { Track } from './track.ts';

/** Why the runner itself ended the run. */
export type Stop = 'timed-out' | 'aborted';

/** Ansible's exit code for an exception of its own (ansible/cli/__init__.py, `cli_executor`). */
const UNEXPECTED = 250;

/** Added to a signal's number in the exit code of what it has killed. */
const SIGNALLED = 128;
/** What Ansible says when a process that runs a task for it is gone (ansible/plugins/strategy/__init__.py and executor/task_queue_manager.py). */
const DEAD_WORKER = /^ERROR! A worker was found in a dead state/m;

/** Whether Ansible ended because somebody here has killed it, or a process of it; no machine and no playbook can do that. */
export function wasKilled(end: SupervisedEnd, log: string): boolean {
  return end.kind === 'exited' && (end.exitCode > SIGNALLED && end.exitCode !== UNEXPECTED || end.exitCode !== 0 && DEAD_WORKER.test(log));
}

interface Conclusion {
  readonly outcome: Outcome;
  readonly failure?: NonNullable<RunResult['failure']>;
}

interface Facts {
  readonly track: Pick<Track, 'current' | 'failure' | 'neverReached' | 'complete' | 'ran'>;
  readonly end: SupervisedEnd;
  readonly stop: Stop | undefined;
  readonly steps: readonly string[];
  readonly operation: string;
  readonly limitMs: number;
  /** Last lines of ansible's output. */
  readonly log: string;
  /** Why the log takes no more lines. */
  readonly logError?: Error | undefined;
}

/** Only a run that was seen to do everything passes; whatever is unclear does not. */
export function concludeRun(facts: Facts): Conclusion {
  const { track, end, stop, steps, operation, limitMs, log, logError } = facts;
  const current = track.current();
  const fail = (outcome: Outcome, message: string, step = current.step || (steps[0] ?? operation)): Conclusion => ({
    outcome,
    failure: { step, task: current.task || operation, host: current.host || 'localhost', message: shorten(message, 4096) },
  });
  if (logError !== undefined) return fail('errored', `the log of the run cannot be written: ${logError.message}`);
  if (end.kind === 'broken') return fail('errored', `the run was cut off: ${end.reason}`);
  if (stop === 'timed-out') return fail('timed-out', `${operation} took longer than its limit of ${formatDuration(limitMs)}${doing(current)}`);
  if (stop === 'aborted') return fail('aborted', `${operation} was asked to stop${doing(current)}`);
  if (track.failure !== undefined && end.kind === 'exited' && end.exitCode !== 0) {
    return { outcome: track.neverReached ? 'errored' : 'failed', failure: track.failure };
  }
  if (end.kind === 'exited' && end.exitCode === UNEXPECTED) return fail('errored', `ansible-playbook crashed: ${log}`);
  if (end.kind === 'exited' && end.exitCode > SIGNALLED) return fail('errored', `ansible-playbook was killed by signal ${end.exitCode - SIGNALLED}${doing(current)}`);
  if (wasKilled(end, log)) return fail('errored', `a process of ansible-playbook was killed${doing(current)}`);
  if (end.kind === 'exited' && end.exitCode !== 0) return fail(tellsOfFullDisk(log) ? 'errored' : 'failed', `ansible-playbook ended with exit code ${end.exitCode}: ${log}`);
  if (track.failure !== undefined) return { outcome: 'failed', failure: track.failure };
  // Ansible is content with a pattern that matches no host; we are not.
  const missing = steps.find((step) => !track.ran.has(step));
  if (missing !== undefined) return fail('failed', `no task of the step ${missing} ran on any machine`, missing);
  if (!track.complete) return fail('errored', 'ansible-playbook ended without its summary');
  return { outcome: 'passed' };
}

/** A disk here without room is nobody's fault but the infrastructure's, whatever Ansible or a machine made of it. */
export async function blameDisk(conclusion: Conclusion, directories: readonly string[]): Promise<Conclusion> {
  const { outcome, failure } = conclusion;
  if (failure === undefined || outcome === 'aborted') return conclusion;
  const full = (await fullDirectory(directories)) ?? (tellsOfFullDisk(failure.message) ? directories.find((each) => failure.message.includes(each)) : undefined);
  if (full === undefined) return conclusion;
  return { outcome: 'errored', failure: { ...failure, message: shorten(`${diskFull(`the disk of ${full} is full`).message}: ${failure.message}`, 4096) } };
}

function doing({ step, task, host }: { step: string; task: string; host: string }): string {
  return task === '' ? '' : `, in the step ${step} at "${task}" on ${host}`;
}
