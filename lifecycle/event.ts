import type { Operation, Step } from './operation.ts';

export type TaskStatus = 'ok' | 'changed' | 'failed' | 'skipped' | 'unreachable';
export type Outcome = 'passed' | 'failed' | 'timed-out' | 'aborted' | 'errored';

/**
 * What the runner says while it works, one object per event, in order; every time is ISO 8601 UTC, every duration
 * milliseconds. A step is one imported entry point (`etcd`, `control-plane`, …).
 * No event carries a module's arguments or results beyond `message`, which is masked and at most 4 KiB.
 */
export type LifecycleEvent =
  | { type: 'operation-started'; at: string; operation: Operation | Step; cluster: string; limitMs: number; steps: string[] }
  | { type: 'step-started'; at: string; step: string }
  | {
      type: 'task-finished';
      at: string;
      step: string;
      role?: string;
      task: string;
      host: string;
      status: TaskStatus;
      durationMs: number;
      message?: string;
      /** Where the task stands: `playbooks/roles/etcd/tasks/main.yml:12`. */
      path?: string;
    }
  /** The step goes on; whoever runs the cluster should know. `message` is masked and at most 4 KiB. */
  | { type: 'warning'; at: string; step: string; host: string; message: string }
  | { type: 'step-finished'; at: string; step: string; outcome: Outcome; durationMs: number; changed: number }
  | { type: 'post-condition'; at: string; name: string; outcome: Outcome; expected: string; observed: string; durationMs: number }
  | {
      type: 'operation-finished';
      at: string;
      operation: Operation | Step;
      outcome: Outcome;
      durationMs: number;
      /** Tasks that changed something, over all hosts. */
      changed: number;
      failure?: { step: string; task: string; host: string; message: string; path?: string };
    };
