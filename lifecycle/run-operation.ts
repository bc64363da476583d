import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readCallbackEvent } from './callback-event.ts';
import { blameDisk, concludeRun, wasKilled, type Stop } from './conclude-run.ts';
import { ProofgridError } from './error.ts';
import { lineMasker } from './mask.ts';
import { STEPS } from './operation.ts';
import { prepareRun, type PreparedRun } from './prepare-run.ts';
import { packageRoot } from './root.ts';
import type { RunOperation, RunRequest, RunResult } from './run.ts';
import { startSupervised, type SupervisedEnd } from './supervised-process.ts';
import { Track } from './track.ts';

/**
 * Milliseconds. Who ends every process here, one after the other, comes to this one last: within ten seconds, where the Docker
 * executor of a GitLab runner does it (docs/decisions/0283). Then it is no fault of the infrastructure.
 */
const ASKED_LIMIT = 15_000;

export interface RunnerOptions {
  /** Where `<operation>.yml` and `ansible.cfg` lie. */
  readonly playbooksDirectory: string;
}

/** A lifecycle runner for a set of playbooks. */
export function lifecycleRunner({ playbooksDirectory }: RunnerOptions): RunOperation {
  return async (request) => {
    const started = performance.now();
    const emit = request.onEvent ?? (() => undefined);
    const { operation, limitMs } = request;
    const prepared = await prepareRun(request, playbooksDirectory);
    const steps = operation === 'deploy' ? [...STEPS] : [operation];
    emit({ type: 'operation-started', at: now(), operation, cluster: request.cluster.metadata.name, limitMs, steps });

    const track = new Track(playbooksDirectory, emit, request.locate);
    const { end, stop, log, logError } = await execute(request, prepared, playbooksDirectory, track);
    if (end.kind === 'busy') throw busy(request.stateDirectory);
    const { stateDirectory, logDirectory } = request;
    const { outcome, failure } = await blameDisk(concludeRun({ track, end, stop, steps, operation, limitMs, log, logError }), [stateDirectory, logDirectory, tmpdir()]);
    track.finish(now(), outcome);
    const durationMs = Math.round(performance.now() - started);
    const summary = { outcome, durationMs, changed: track.changed, ...(failure && { failure }) };
    emit({ type: 'operation-finished', at: now(), operation, ...summary });
    return { ...summary, log: prepared.log, ...(track.changes.length > 0 && { changes: track.changes }), ...(await kubeconfigIn(request.stateDirectory)) };
  };
}

/** The lifecycle runner for the playbooks of this package: the one that CI and the operator share. */
export const runOperation: RunOperation = lifecycleRunner({ playbooksDirectory: path.join(packageRoot, 'playbooks') });

async function execute(request: RunRequest, prepared: PreparedRun, playbooksDirectory: string, track: Track) {
  if (request.signal?.aborted === true) {
    await rm(prepared.privateDirectory, { recursive: true, force: true });
    return { end: { kind: 'exited', exitCode: 0 } satisfies SupervisedEnd, stop: 'aborted' as Stop, log: '', logError: undefined };
  }
  const file = createWriteStream(prepared.log, { flags: 'a', mode: 0o600 });
  const log = new TailLog(file, () => supervised.stop());
  log.write(`# ${now()} ${request.operation} of ${request.cluster.metadata.name}`);
  let stop: Stop | undefined;
  const supervised = startSupervised({
    ...prepared,
    cwd: playbooksDirectory,
    onEventLine: (line) => {
      const event = readCallbackEvent(line);
      if (event !== undefined) track.see(event);
    },
    onOutputLine: (line) => log.write(line),
  });
  const end = (reason: Stop) => {
    stop ??= reason;
    supervised.stop();
  };
  const onAbort = () => end('aborted');
  const limit = setTimeout(() => end('timed-out'), request.limitMs);
  request.signal?.addEventListener('abort', onAbort, { once: true });
  let ended: SupervisedEnd;
  try {
    ended = await supervised.ended;
  } finally {
    clearTimeout(limit);
    request.signal?.removeEventListener('abort', onAbort);
    await log.close();
    // The supervisor does it, unless it was killed.
    await rm(prepared.privateDirectory, { recursive: true, force: true });
  }
  if (stop === undefined && (track.lostConnection || wasKilled(ended, log.tail())) && (await isAsked(request.signal))) stop = 'aborted';
  return { end: ended, stop, log: log.tail(), logError: log.error };
}

/** Whether this run is asked to stop, or soon will be. */
async function isAsked(signal: AbortSignal | undefined): Promise<boolean> {
  if (signal?.aborted === false) await delay(ASKED_LIMIT, undefined, { signal }).catch(() => undefined);
  return signal?.aborted === true;
}

/** Writes masked lines, and remembers the last of them for failures that no task stands for. */
class TailLog {
  readonly #mask = lineMasker();
  readonly #file: WriteStream;
  #last: string[] = [];
  /** Why nothing is written any more. */
  error: Error | undefined;

  constructor(file: WriteStream, onError: () => void) {
    this.#file = file;
    file.on('error', (error) => {
      this.error ??= error;
      onError();
    });
  }

  write(line: string): void {
    const masked = this.#mask(line);
    if (masked === undefined) return;
    if (this.error === undefined) this.#file.write(`${masked}\n`);
    if (masked.trim() !== '' && !masked.startsWith('#')) this.#last = [...this.#last.slice(-19), masked];
  }

  tail(): string {
    return this.#last.join('\n');
  }

  async close(): Promise<void> {
    this.#file.end();
    // what goes wrong here is kept by the listener
    await finished(this.#file).catch(() => undefined);
  }
}

function busy(stateDirectory: string): ProofgridError {
  return new ProofgridError({
    code: 'CLUSTER_BUSY',
    fault: 'usage',
    what: `another run is working on the cluster of ${stateDirectory}`,
    remedy: 'wait for it to end',
  });
}

async function kubeconfigIn(stateDirectory: string): Promise<Pick<RunResult, 'kubeconfig'>> {
  const kubeconfig = path.resolve(stateDirectory, 'admin.kubeconfig');
  const exists = await stat(kubeconfig).then((file) => file.isFile(), () => false);
  return exists ? { kubeconfig } : {};
}

function now(): string {
  return new Date().toISOString();
}
