import path from 'node:path';
import { newRunName } from '../cell/run-directory.ts';

export interface Repeat {
  readonly times: number;
  /** Directory of all repetitions; default: `proofgrid-runs/<run>` in the working directory. */
  readonly directory?: string | undefined;
  /** End after the first that did not pass. */
  readonly failFast: boolean;
  readonly signal: AbortSignal;
  readonly say: (message: string) => void;
}

/** Exit codes from harmless to worst, as verdicts are ordered: what leaked needs somebody, an interruption is no result. */
const SEVERITY = [0, 3, 4, 1, 2, 130, 5];

/**
 * The same run several times, one after the other, each in a directory of its own (`1`, `2`, …); resolves with the worst exit
 * code. An interruption ends the repetitions too.
 */
export async function repeated({ times, directory, failFast, signal, say }: Repeat, run: (directory: string) => Promise<number>): Promise<number> {
  const root = directory ?? path.resolve('proofgrid-runs', newRunName(new Date()));
  const codes: number[] = [];
  for (let count = 1; count <= times && !signal.aborted; count += 1) {
    say(`repetition ${count} of ${times}`);
    const code = await run(path.join(root, String(count)));
    codes.push(code);
    if (code !== 0 && failFast) break;
  }
  const passed = codes.filter((code) => code === 0).length;
  say(`${passed} of ${codes.length} passed${codes.length < times ? `, ${times - codes.length} not run` : ''}; their reports are below ${root}`);
  const worst = codes.toSorted((one, other) => SEVERITY.indexOf(one) - SEVERITY.indexOf(other)).at(-1) ?? 130;
  return worst === 0 && codes.length < times ? 130 : worst;
}
