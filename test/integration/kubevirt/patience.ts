import { STAGES, type Stage } from '../../../harness/provider/kubevirt/stage.ts';

/** Limits of stages that no test outlasts, however slow the machine, until `end` says that a stage has lasted long enough. */
export interface Patience {
  readonly limits: Readonly<Record<Stage, number>>;
  end(stage: Stage): void;
  /** Whether a machine has been waited for in that stage, so that all stages before it have been seen to be over. */
  waitsFor(stage: Stage): boolean;
}

/** Milliseconds. */
const FOREVER = 86_400_000;

export function patience(): Patience {
  const limits = Object.fromEntries(STAGES.map((stage) => [stage, FOREVER])) as Record<Stage, number>;
  const asked = new Set<Stage>();
  const told = {} as Record<Stage, number>;
  for (const stage of STAGES) {
    const get = () => {
      asked.add(stage);
      return limits[stage];
    };
    Object.defineProperty(told, stage, { enumerable: true, get });
  }
  return { limits: told, end: (stage) => void (limits[stage] = 1), waitsFor: (stage) => asked.has(stage) };
}
