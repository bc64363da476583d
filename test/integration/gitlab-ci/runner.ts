import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { familyOf, lives, signal } from './processes.ts';

/**
 * What a GitLab runner does to the processes of a job that it ends, as measured with the job code of gitlab-runner 19.4
 * (shell and Docker executor). Sources of the same in gitlab-org/gitlab-runner:
 * - shell: helpers/process/killer_unix.go sends to the group; killer.go has the limit.
 * - docker: shells/bash.go, ContainerSigTermScriptForLinux; executors/docker/internal/wait/wait.go, StopKillWait.
 */
export interface JobEnd {
  /**
   * `group`: SIGTERM for all at once, then waited for. `one-by-one`: SIGTERM for each in turn, and the container's end for
   * all. `command`: SIGKILL for the line that runs, as a host does that is out of memory; the shell then ends by itself.
   */
  readonly signals: 'group' | 'one-by-one' | 'command';
  /** `CI_JOB_STATUS` in `after_script`; undefined where none is run. */
  readonly afterScript: 'canceled' | 'timedout' | 'failed' | undefined;
  /** Artifacts and JUnit are uploaded. */
  readonly uploads: boolean;
}

export const JOB_ENDS = {
  'cancelled in the shell executor': { signals: 'group', afterScript: 'canceled', uploads: true },
  'cancelled by force in the shell executor': { signals: 'group', afterScript: undefined, uploads: false },
  'cancelled in the Docker executor': { signals: 'one-by-one', afterScript: 'canceled', uploads: true },
  'over the job’s own limit in the shell executor': { signals: 'group', afterScript: undefined, uploads: false },
  'over the job’s own limit in the Docker executor': { signals: 'one-by-one', afterScript: undefined, uploads: false },
  'over RUNNER_SCRIPT_TIMEOUT': { signals: 'group', afterScript: 'timedout', uploads: true },
  'killed by the host': { signals: 'command', afterScript: 'failed', uploads: true },
  'left by a runner that ends itself': { signals: 'group', afterScript: undefined, uploads: false },
} as const satisfies Readonly<Record<string, JobEnd>>;

/** Milliseconds. */
export interface RunnerLimits {
  /** From SIGTERM to SIGKILL for a group. */
  readonly group: number;
  /** From the first SIGTERM to the end of every process of a container. */
  readonly container: number;
  /** What one process of a container gets before the next one's turn: six looks, a second between them. */
  readonly turn: number;
  readonly look: number;
}

export const RUNNER_LIMITS: RunnerLimits = { group: 600_000, container: 9_800, turn: 6_000, look: 1_000 };

export interface JobScript {
  readonly lines: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Job {
  readonly pid: number;
  readonly ended: Promise<{ readonly exitCode: number | undefined; readonly output: string }>;
}

/** The lines as a runner runs them: one shell that leads a group and ends with the first line that fails. */
export function startJob({ lines, cwd, env }: JobScript): Job {
  // shells/bash.go, bashExitOnScriptTerminationSignal: the shell waits for its child before it goes
  const script = ['set -eo pipefail', 'trap exit 1 TERM', ...lines].join('\n');
  const child = execa('bash', ['-c', script], { cwd, env, detached: true, cleanup: false, reject: false, all: true, stdin: 'ignore' });
  if (child.pid === undefined) throw new Error('the job’s shell did not start');
  return { pid: child.pid, ended: child.then(({ exitCode, all }) => ({ exitCode, output: all })) };
}

/**
 * Ends the job's processes as a runner does and resolves when none of them is left.
 * @param outside processes of the job's container that the job's shell is no ancestor of
 */
export async function endJob(job: Job, { signals }: JobEnd, outside: () => Promise<readonly number[]> = () => Promise.resolve([]), limits = RUNNER_LIMITS): Promise<void> {
  if (signals === 'group') await endGroup(job, limits);
  else if (signals === 'command') endCommand(job);
  else await endContainer(job, await outside(), limits);
  await job.ended;
}

function endCommand({ pid }: Job): void {
  const command = familyOf([pid]).filter((each) => each !== pid).at(-1);
  if (command === undefined) throw new Error('the job’s shell runs nothing');
  signal(command, 'SIGKILL');
}

async function endGroup({ pid, ended }: Job, { group }: RunnerLimits): Promise<void> {
  const over = new AbortController();
  signal(-pid, 'SIGTERM');
  const killed = delay(group, true, { signal: over.signal }).catch(() => false);
  if (await Promise.race([ended.then(() => false), killed])) signal(-pid, 'SIGKILL');
  over.abort();
}

async function endContainer({ pid }: Job, outside: readonly number[], { container, turn, look }: RunnerLimits): Promise<void> {
  const roots = [pid, ...outside];
  const end = performance.now() + container;
  const listed = familyOf(roots);
  // what has lost its parent meanwhile is in the container all the same
  const left = () => [...new Set([...listed.filter(lives), ...familyOf(roots)])];
  // the job's shell is the container's first process, which the runner's script leaves out
  for (const each of listed.filter((one) => one !== pid)) {
    signal(each, 'SIGTERM');
    const next = Math.min(performance.now() + turn, end);
    while (lives(each) && performance.now() < next) await delay(Math.min(look, Math.max(0, next - performance.now())));
    if (performance.now() >= end) break;
  }
  if (performance.now() < end) signal(pid, 'SIGTERM');
  while (left().length > 0 && performance.now() < end) await delay(Math.min(look, 100));
  for (const each of left()) signal(each, 'SIGKILL');
}
