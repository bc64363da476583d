import type { JournalLine } from './event.ts';
import { cellDraft, phaseDraft, type CaseDraft, type PhaseDraft, type RunDraft } from './draft.ts';
import { judgeRun } from './judge.ts';
import type { RunRecord } from './record.ts';

export interface ReplayOptions {
  /** Something after the last line could not be read; `readJournal` says so. */
  readonly torn?: boolean;
}

/** Folds a journal's lines into what the run came to. Pure: the same lines give the same record. */
export function replay(lines: readonly JournalLine[], { torn = false }: ReplayOptions = {}): RunRecord {
  const run: RunDraft = { attempts: 0, cells: new Map(), gaps: [], cuts: [] };
  for (const line of lines) {
    checkSequence(run, line);
    apply(run, line);
    run.last = line;
  }
  return judgeRun(run, torn);
}

function checkSequence(run: RunDraft, { seq }: JournalLine): void {
  const expected = (run.last?.seq ?? 0) + 1;
  if (seq !== expected) run.gaps.push({ expected, seq });
}

function apply(run: RunDraft, line: JournalLine): void {
  switch (line.type) {
    case 'run-started':
      return startRun(run, line);
    case 'run-finished':
      run.finished = line;
      return;
    case 'progress':
      return;
    case 'phase-started':
      return startPhase(run, line);
    case 'phase-finished':
      phaseDraft(run, line).finished = line;
      return;
    case 'case-started':
      startCase(phaseDraft(run, line), line.name);
      return;
    case 'case-finished':
      return finishCase(run, line);
    default:
      return applyToCell(run, line);
  }
}

type CellLine = Extract<
  JournalLine,
  { type: 'cell-started' | 'cell-finished' | 'property' | 'evidence' | 'lease-acquired' | 'lease-released' | 'lease-kept' }
>;

function applyToCell(run: RunDraft, line: CellLine): void {
  const cell = cellDraft(run, line.cell);
  switch (line.type) {
    case 'cell-started':
      cell.startedAt = line.at;
      cell.finished = undefined;
      return;
    case 'cell-finished':
      cell.finished = line;
      return;
    case 'property':
      cell.properties.set(line.name, line.value);
      return;
    case 'evidence':
      cell.evidence.set(line.path, line.title);
      return;
    case 'lease-acquired':
      cell.leases.set(line.lease, {
        lease: line.lease,
        provider: line.provider,
        machines: line.machines,
        state: 'unknown',
        attempt: run.attempts,
      });
      return;
    case 'lease-released':
    case 'lease-kept': {
      const lease = cell.leases.get(line.lease);
      if (lease === undefined) return;
      lease.state = line.type === 'lease-kept' ? 'kept' : 'released';
      if (line.type === 'lease-kept') lease.until = line.until;
    }
  }
}

function startRun(run: RunDraft, line: Extract<JournalLine, { type: 'run-started' }>): void {
  if (run.attempts > 0) run.cuts.push(run.last);
  run.attempts += 1;
  for (const cell of run.cells.values()) for (const phase of cell.phases.values()) phase.generation += 1;
  run.finished = undefined;
  run.firstStarted ??= line;
  run.started = line;
  for (const { cell, axes, suites } of line.cells) {
    const draft = cellDraft(run, cell);
    draft.axes = axes;
    draft.suites = suites;
  }
}

function startPhase(run: RunDraft, line: Extract<JournalLine, { type: 'phase-started' }>): void {
  const phase = phaseDraft(run, line);
  phase.generation += 1;
  phase.attempt = run.attempts;
  phase.announced = line.cases;
  phase.announcedIn = phase.generation;
  phase.startedAt = line.at;
  phase.finished = undefined;
}

function startCase(phase: PhaseDraft, name: string): CaseDraft {
  const current: CaseDraft = { name, generation: phase.generation, attempts: 1 };
  phase.cases.set(name, [...(phase.cases.get(name) ?? []), current]);
  return current;
}

function finishCase(run: RunDraft, line: Extract<JournalLine, { type: 'case-finished' }>): void {
  const phase = phaseDraft(run, line);
  const open = phase.cases.get(line.name)?.find(({ result, generation }) => result === undefined && generation === phase.generation);
  const current = open ?? startCase(phase, line.name);
  current.result = line;
  supersede(phase, current);
}

/** Drops the same case of an earlier attempt, or one that an earlier attempt left open under this name; keeps count. */
function supersede(phase: PhaseDraft, current: CaseDraft): void {
  const same = phase.cases.get(current.name) ?? [];
  const earlier = same.find(
    ({ generation, result }) => generation < current.generation && (result === undefined || result.classname === current.result?.classname),
  );
  if (earlier === undefined) return;
  current.attempts = earlier.attempts + 1;
  phase.cases.set(
    current.name,
    same.filter((each) => each !== earlier),
  );
}
