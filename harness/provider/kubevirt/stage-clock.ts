import { STAGE_LIMITS, type Stage } from './stage.ts';

/** Counts how long a machine has been waiting for the same stage. */
export interface StageClock {
  /** Milliseconds over the limit of the stage, negative while there is time left. */
  overdue(stage: Stage, nowMs: number): number;
}

/** Each stage has its own time from when it is first waited for; a stage that comes back goes on with what it had left. */
export function stageClock(limits: Readonly<Record<Stage, number>> = STAGE_LIMITS): StageClock {
  const spent = new Map<Stage, number>();
  let current: { readonly stage: Stage; readonly since: number } | undefined;
  return {
    overdue(stage, nowMs) {
      if (current?.stage !== stage) {
        if (current !== undefined) spent.set(current.stage, (spent.get(current.stage) ?? 0) + nowMs - current.since);
        current = { stage, since: nowMs };
      }
      return (spent.get(stage) ?? 0) + nowMs - current.since - limits[stage];
    },
  };
}
