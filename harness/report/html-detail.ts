import { casesOf, type CaseRecord, type CellRecord, type PhaseRecord, type RunRecord } from '../journal/record.ts';
import { isBad } from '../journal/verdict.ts';

/** How much of a record a page shows; what it leaves out it counts. */
export interface Detail {
  /** Characters of one expected or observed text. */
  readonly text: number;
  /** Show passed cases of phases that passed. */
  readonly passed: boolean;
  readonly casesPerPhase: number;
  /** Failures shown in full at the top. */
  readonly failures: number;
  /** Cells shown, those that went wrong first. */
  readonly cells: number;
  /** List each cell's files and facts. */
  readonly lists: boolean;
}

export const EVERYTHING: Detail = { text: Infinity, passed: true, casesPerPhase: Infinity, failures: Infinity, cells: Infinity, lists: true };

/** From everything to almost nothing: what is least missed goes first, and the last step has a size that no record can exceed. */
export const DETAILS: readonly Detail[] = [
  EVERYTHING,
  { ...EVERYTHING, passed: false },
  { ...EVERYTHING, passed: false, text: 2000 },
  { ...EVERYTHING, passed: false, text: 400, lists: false },
  { ...EVERYTHING, passed: false, text: 400, lists: false, casesPerPhase: 20, failures: 200 },
  ...[2048, 1024, 512, 256, 64, 16, 4, 0].map((cells) => ({ text: 200, passed: false, casesPerPhase: 5, failures: cells, cells, lists: false })),
];

/** What a reader sees first: what went wrong, then what was skipped, then what passed; each in the run's own order. */
export function worstFirst(cells: readonly CellRecord[]): CellRecord[] {
  const rank = ({ verdict }: CellRecord) => (isBad(verdict) ? 0 : verdict === 'skipped' ? 1 : 2);
  return cells.toSorted((one, other) => rank(one) - rank(other));
}

/** The cases of a phase that a page lists, those that went wrong first where not all of them fit. */
export function casesShown({ cases }: PhaseRecord, { passed, casesPerPhase }: Detail): readonly CaseRecord[] {
  const listed = passed ? cases : cases.filter(({ verdict }) => verdict !== 'passed');
  return listed.length <= casesPerPhase ? listed : listed.toSorted((one, other) => Number(isBad(other.verdict)) - Number(isBad(one.verdict))).slice(0, casesPerPhase);
}

/** Characters of a case's row without its texts. */
const ROW = 150;

/** Characters that a page of this detail has at least: so that one of a gigabyte is not made first, and then thrown away. */
export function leastLength(record: RunRecord, detail: Detail): number {
  const cut = (text: string | undefined) => Math.min(text?.length ?? 0, detail.text);
  const cells = worstFirst(record.cells).slice(0, detail.cells);
  const cases = cells.flatMap(({ phases }) => phases.map((phase) => casesShown(phase, detail)));
  return cases.reduce((sum, shown) => sum + shown.reduce((all, { expected, observed }) => all + ROW + cut(expected) + cut(observed), 0), 0);
}

/** One line for everything that a page of this detail lacks; empty when it has all. */
export function leftOut(record: RunRecord, detail: Detail): string[] {
  const cells = worstFirst(record.cells).slice(0, detail.cells);
  const phases = cells.flatMap(({ phases }) => phases);
  const all = casesOf(record);
  const listed = phases.flatMap((phase) => casesShown(phase, detail));
  const missing = (passed: boolean) => [all, listed].map((cases) => cases.filter(({ verdict }) => (verdict === 'passed') === passed).length).reduce((had, has) => had - has);
  const texts = all.flatMap(({ expected, observed }) => [expected, observed]).filter((text) => (text?.length ?? 0) > detail.text).length;
  return [
    ...counted(record.cells.length - cells.length, 'cell'),
    ...counted(missing(true), 'passed case'),
    ...counted(missing(false), 'other case'),
    ...(texts === 0 ? [] : [`what follows the first ${detail.text} characters of ${texts} ${texts === 1 ? 'text' : 'texts'}`]),
    ...(detail.lists ? [] : ["the cells' facts and lists of files"]),
  ];
}

function counted(count: number, noun: string): string[] {
  return count === 0 ? [] : [`${count} ${noun}${count === 1 ? '' : 's'}`];
}
