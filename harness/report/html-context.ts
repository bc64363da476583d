import type { CaseRecord, CellRecord, PhaseRecord, RunRecord } from '../journal/record.ts';
import type { Detail } from './html-detail.ts';

/** What every part of the page needs beside its own record. */
export interface PageContext {
  /** From the page's directory to the run directory; '' when the page lies in it. */
  readonly evidenceBase: string;
  /** The run directory as a command names it. */
  readonly directory: string;
  readonly detail: Detail;
  /** The run has one cell. */
  readonly alone: boolean;
  /** The place of each among its kind, from 1: names are any text, and an anchor is not; two cases may have one name. */
  readonly anchors: ReadonlyMap<CellRecord | PhaseRecord | CaseRecord, string>;
}

export function anchorsOf({ cells }: RunRecord): PageContext['anchors'] {
  const anchors = new Map<CellRecord | PhaseRecord | CaseRecord, string>();
  for (const [cellIndex, cell] of cells.entries()) {
    const ofCell = `cell-${cellIndex + 1}`;
    anchors.set(cell, ofCell);
    for (const [phaseIndex, phase] of cell.phases.entries()) {
      const ofPhase = `${ofCell}-${phaseIndex + 1}`;
      anchors.set(phase, ofPhase);
      for (const [caseIndex, each] of phase.cases.entries()) anchors.set(each, `${ofPhase}-${caseIndex + 1}`);
    }
  }
  return anchors;
}

export function anchorOf(part: CellRecord | PhaseRecord | CaseRecord, { anchors }: PageContext): string {
  return anchors.get(part) ?? '';
}

/** `12 cases`, `1 case`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
