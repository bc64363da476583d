import type { JournalLine, PhaseId } from './event.ts';
import type { LeaseRecord } from './record.ts';

type LineOf<Type extends JournalLine['type']> = Extract<JournalLine, { type: Type }>;

/** A run while its journal is being folded. */
export interface RunDraft {
  attempts: number;
  readonly cells: Map<string, CellDraft>;
  readonly gaps: { expected: number; seq: number }[];
  firstStarted?: LineOf<'run-started'>;
  started?: LineOf<'run-started'>;
  finished?: LineOf<'run-finished'> | undefined;
  last?: JournalLine;
  /** Where each attempt before the current one ended, in their order. */
  readonly cuts: (JournalLine | undefined)[];
}

export interface CellDraft {
  readonly cell: string;
  axes: Readonly<Record<string, string>>;
  suites: readonly string[];
  startedAt?: string;
  finished?: LineOf<'cell-finished'> | undefined;
  readonly properties: Map<string, string>;
  readonly evidence: Map<string, string>;
  readonly leases: Map<string, { -readonly [Key in keyof LeaseRecord]: LeaseRecord[Key] } & { attempt: number }>;
  readonly phases: Map<string, PhaseDraft>;
}

export interface PhaseDraft {
  readonly suite: string;
  readonly phase: string;
  announced: readonly string[];
  /** Grows whenever the phase or the run starts anew: the same case in a newer generation has been run again. */
  generation: number;
  /** The generation that `announced` belongs to. */
  announcedIn: number;
  /** The attempt that last started the phase, from 1. */
  attempt: number;
  startedAt?: string;
  finished?: LineOf<'phase-finished'> | undefined;
  /** By name, in the order in which names came first. */
  readonly cases: Map<string, CaseDraft[]>;
}

export interface CaseDraft {
  readonly name: string;
  readonly generation: number;
  attempts: number;
  result?: LineOf<'case-finished'>;
}

export function cellDraft(run: RunDraft, cell: string): CellDraft {
  const known = run.cells.get(cell);
  if (known !== undefined) return known;
  const draft: CellDraft = {
    cell,
    axes: {},
    suites: [],
    properties: new Map(),
    evidence: new Map(),
    leases: new Map(),
    phases: new Map(),
  };
  run.cells.set(cell, draft);
  return draft;
}

export function phaseDraft(run: RunDraft, { cell, suite, phase }: PhaseId): PhaseDraft {
  const { phases } = cellDraft(run, cell);
  const key = JSON.stringify([suite, phase]);
  const known = phases.get(key);
  if (known !== undefined) return known;
  const draft: PhaseDraft = { suite, phase, announced: [], announcedIn: 0, generation: 0, attempt: run.attempts, cases: new Map() };
  phases.set(key, draft);
  return draft;
}
