import { STAGES, type Stage } from '../../../harness/provider/kubevirt/stage.ts';

/** Limits of stages that no test outlasts, however slow the machine, until `end` says that a stage has lasted long enough. */
export interface Patience {
  readonly limits: Readonly<Record<Stage, number>>;
  end(stage: Stage): void;
}

/** Milliseconds. */
const FOREVER = 86_400_000;

export function patience(): Patience {
  const limits = Object.fromEntries(STAGES.map((stage) => [stage, FOREVER])) as Record<Stage, number>;
  return { limits, end: (stage) => void (limits[stage] = 1) };
}
