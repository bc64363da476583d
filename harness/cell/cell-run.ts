import type { Artifacts } from '../artifact/contract.ts';
import type { JournalWriter } from '../journal/event.ts';
import type { Cell } from '../matrix/cell.ts';
import type { Lease, Owner, Provider } from '../provider/contract.ts';
import type { CheckPattern } from './check-pattern.ts';
import type { RunDirectory } from './run-directory.ts';

export type Keep = 'never' | 'failed' | 'always';

export interface CellRun {
  readonly cell: Cell;
  readonly directory: RunDirectory;
  readonly journal: JournalWriter;
  readonly provider: Provider;
  readonly artifacts: Artifacts;
  readonly owner: Owner;
  readonly keep: Keep;
  readonly signal: AbortSignal;
  /** Only the checks of the suite e2e that match. */
  readonly checks?: CheckPattern;
  /** Suites that have passed in an earlier attempt, and machines that still live from it. */
  readonly resumed?: { readonly passed: ReadonlySet<string>; readonly lease?: Lease };
}
