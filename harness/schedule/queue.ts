import { fits, type Limits, type Weight } from './weight.ts';

/** One cell in line. */
export interface Waiting {
  readonly weight: Weight;
  /** How many that came later went in first. */
  overtaken: number;
}

/** Small cells may use the gaps that a large one leaves, but only so often: then everybody waits until it fits. */
const MOST_OVERTAKEN = 4;

/** Takes the next cell that may start out of the line; undefined while nobody may. */
export function takeNext<T extends Waiting>(line: T[], running: readonly Weight[], limits: Limits): T | undefined {
  const index = line.findIndex(({ weight }) => fits(running, weight, limits));
  const ahead = line.slice(0, Math.max(index, 0));
  if (index === -1 || ahead.some(({ overtaken }) => overtaken >= MOST_OVERTAKEN)) return undefined;
  for (const waiting of ahead) waiting.overtaken += 1;
  return line.splice(index, 1)[0];
}
