import type { ClusterContext, Sabotage } from '../../check.ts';

type Undo = () => Promise<unknown>;
/** Registers how to undo what is broken next; called before the breaking, so that a half-made fault is mended too. */
export type Mend = (undo: Undo) => void;

/** Makes a sabotage's `apply` of a function that breaks the cluster; what it registered is undone in reverse order. */
export function faulty(breaks: (context: ClusterContext, mend: Mend) => Promise<void>): Sabotage['apply'] {
  return async (context) => {
    const undos: Undo[] = [];
    const unwind = () => mendAll(undos);
    try {
      await breaks(context, (undo) => void undos.push(undo));
    } catch (error) {
      await unwind();
      throw error;
    }
    return unwind;
  };
}

/** Every undo runs, also after one that fails: a cluster must not stay broken in two places because of one. */
async function mendAll(undos: Undo[]): Promise<void> {
  const errors: unknown[] = [];
  for (let undo = undos.pop(); undo !== undefined; undo = undos.pop()) {
    await undo().catch((error: unknown) => errors.push(error));
  }
  if (errors.length > 0) throw new AggregateError(errors, `${errors.length} faults could not be mended: ${errors.map(String).join('; ')}`);
}
