import type { LifecycleEvent } from '../lifecycle/event.ts';

/** Where one deploy's time went, in seconds. Steps follow each other; a task counts as long as on its slowest machine. */
export interface DeployTimes {
  readonly steps: Readonly<Record<string, number>>;
  /** `etcd: Place the executables of etcd`. */
  readonly tasks: Readonly<Record<string, number>>;
}

/** Sums up the lifecycle runner's events. */
export class TimeLog {
  readonly #steps = new Map<string, number>();
  readonly #tasks = new Map<string, number>();

  see(event: LifecycleEvent): void {
    if (event.type === 'step-finished') this.#steps.set(event.step, event.durationMs / 1000);
    if (event.type !== 'task-finished') return;
    const name = `${event.step}: ${event.task}`;
    this.#tasks.set(name, Math.max(this.#tasks.get(name) ?? 0, event.durationMs / 1000));
  }

  get times(): DeployTimes {
    return { steps: Object.fromEntries(this.#steps), tasks: Object.fromEntries(this.#tasks) };
  }
}
