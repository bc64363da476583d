import path from 'node:path';
import type { CallbackEvent } from './callback-event.ts';
import type { LifecycleEvent, Outcome } from './event.ts';
import { maskSecrets, shorten } from './mask.ts';
import type { RunRequest, RunResult } from './run.ts';

type Failure = NonNullable<RunResult['failure']>;
type Result = Extract<CallbackEvent, { event: 'result' }>;

/** Bytes of a message; the whole of it stands in ansible.log. */
const MESSAGE_LIMIT = 4096;

interface OpenStep {
  readonly name: string;
  readonly startedAt: string;
  changed: number;
  results: number;
  outcome: Outcome;
}

/** Mitogen's words for a machine's process that has gone (mitogen/core.py, `_on_respond_disconnect` and `ChannelError`). */
const DISCONNECTED = /respondent Context has disconnected|[Cc]hannel closed by (local|remote) end/;
/** Nobody reads more; the log has them all. */
const MAX_CHANGES = 20;

/** Follows a playbook run: turns what the callback says into lifecycle events, and remembers what the outcome needs. */
export class Track {
  readonly #emit: (event: LifecycleEvent) => void;
  readonly #playbooksDirectory: string;
  readonly #locate: RunRequest['locate'];
  readonly #seen = new Set<string>();
  readonly #answered = new Set<string>();
  readonly #warned = new Set<string>();
  readonly #running = new Map<string, string>();
  #step: OpenStep | undefined;
  changed = 0;
  /** Names of the first of these tasks. */
  readonly changes: string[] = [];
  failure: Failure | undefined;
  /** The first failure is a machine that has never answered. */
  neverReached = false;
  /** The first failure is a connection that has gone: what either end of it does when somebody ends it. */
  lostConnection = false;
  /** Ansible's own summary has come: every play has run to its end. */
  complete = false;

  constructor(playbooksDirectory: string, emit: (event: LifecycleEvent) => void, locate?: RunRequest['locate']) {
    this.#playbooksDirectory = playbooksDirectory;
    this.#locate = locate;
    this.#emit = emit;
  }

  /** Steps in which at least one task has ended on at least one machine. */
  get ran(): ReadonlySet<string> {
    return this.#seen;
  }

  /** What was going on: the step, and the tasks that had not ended. */
  current(): { step: string; task: string; host: string } {
    const tasks = [...new Set(this.#running.values())];
    return { step: this.#step?.name ?? '', task: tasks.join(', '), host: [...this.#running.keys()].join(', ') };
  }

  see(event: CallbackEvent): void {
    if (event.event === 'play') this.#openStep(event.path, event.at);
    if (event.event === 'start') this.#running.set(event.host, event.task);
    if (event.event === 'result') this.#finishTask(event);
    if (event.event === 'stats') this.complete = true;
  }

  /** Ends the last step, as `outcome` says unless it has failed already; what fails while somebody ends the run is no failure. */
  finish(at: string, outcome: Outcome): void {
    if (this.#step === undefined) return;
    const { name, startedAt, changed, results } = this.#step;
    const own = this.#step.outcome === 'passed' || outcome === 'aborted' ? outcome : this.#step.outcome;
    this.#emit({
      type: 'step-finished',
      at,
      step: name,
      // Nothing has run: nothing is proved.
      outcome: own === 'passed' && results === 0 ? 'failed' : own,
      durationMs: Date.parse(at) - Date.parse(startedAt),
      changed,
    });
    this.#step = undefined;
  }

  /** A step is one entry point, and each play says in which file it stands. */
  #openStep(playPath: string, at: string): void {
    const name = path.basename(playPath.replace(/:\d+$/, ''), '.yml');
    if (this.#step?.name === name) return;
    this.finish(at, 'passed');
    this.#step = { name, startedAt: at, changed: 0, results: 0, outcome: 'passed' };
    this.#emit({ type: 'step-started', at, step: name });
  }

  #finishTask(event: Result): void {
    const { at, task, host, status, role } = event;
    this.#running.delete(host);
    const step = this.#step;
    if (step === undefined) return;
    const where = this.#relative(event.path);
    const text = event.refusals.length === 0 ? event.message : event.refusals.map((refusal) => this.#place(refusal)).join('\n');
    const message = text === null ? undefined : shorten(maskSecrets(text), MESSAGE_LIMIT);
    step.results += 1;
    this.#seen.add(step.name);
    if (status === 'changed') {
      step.changed += 1;
      this.changed += 1;
      if (this.changes.length < MAX_CHANGES) this.changes.push(`${step.name}: ${task} on ${host}`);
    }
    if (status === 'failed' || status === 'unreachable') {
      const neverReached = status === 'unreachable' && !this.#answered.has(host);
      if (this.failure === undefined) {
        this.neverReached = neverReached;
        this.lostConnection = !neverReached && (status === 'unreachable' || DISCONNECTED.test(message ?? ''));
        this.failure = { step: step.name, task, host, message: message ?? status, ...(where !== '' && { path: where }) };
      }
      step.outcome = this.neverReached ? 'errored' : 'failed';
    }
    if (event.answered) this.#answered.add(host);
    for (const warning of event.warnings) this.#warn(warning, { at, step: step.name, host });
    this.#emit({
      type: 'task-finished',
      at,
      step: step.name,
      ...(role !== null && { role }),
      task,
      host,
      status,
      durationMs: event.duration_ms,
      ...(message !== undefined && { message }),
      ...(where !== '' && { path: where }),
    });
  }

  /** Once for each machine: Mitogen runs modules in one process, where Ansible repeats what earlier ones warned of. */
  #warn(text: string, where: { readonly at: string; readonly step: string; readonly host: string }): void {
    const known = JSON.stringify([where.host, text]);
    if (this.#warned.has(known)) return;
    this.#warned.add(known);
    this.#emit({ type: 'warning', ...where, message: shorten(maskSecrets(text), MESSAGE_LIMIT) });
  }

  /** With the place of the field where the document's file is known. */
  #place({ field, text }: Result['refusals'][number]): string {
    if (field.length === 0 || this.#locate === undefined) return text;
    const { file, line, column } = this.#locate(field);
    return `${file}:${line}:${column}: ${text}`;
  }

  /** `playbooks/roles/etcd/tasks/main.yml:12`. */
  #relative(file: string): string {
    return file === '' ? '' : path.relative(path.dirname(this.#playbooksDirectory), file);
  }
}
