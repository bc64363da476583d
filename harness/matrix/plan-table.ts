import { AXES } from './cell.ts';
import { columns } from './columns.ts';
import type { Coverage, Share } from './coverage.ts';
import type { Excluded } from './explain.ts';
import type { Plan } from './plan.ts';
import { memoryText } from './quantity.ts';

/** More missing values or pairs than this are only counted. */
const MOST_MISSING = 10;

/** The plan for a person: one line a cell, then whatever else was asked for. Ends with a line break. */
export function planTable(plan: Plan): string {
  const sections = [cellSection(plan), notes(plan), explanation(plan), exclusions(plan.excluded), coverageSection(plan.coverage)];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function cellSection({ cells, tier }: Plan): string {
  const rows = cells.map(({ slug, axes, machines, suites }) => [
    slug,
    ...AXES.map((axis) => axes[axis]),
    String(machines.length),
    memoryText(memoryOf(machines)),
    suites.join(','),
  ]);
  const header = ['CELL', ...AXES.map((axis) => axis.toUpperCase()), 'MACHINES', 'MEMORY', 'SUITES'];
  const largest = Math.max(0, ...cells.map(({ machines }) => memoryOf(machines)));
  const origin = tier === undefined ? '' : ` of the tier ${tier}`;
  return `${columns([header, ...rows])}\n\n${count(cells.length, 'cell')}${origin}; the largest needs ${memoryText(largest)} of memory`;
}

function notes({ cells }: Plan): string {
  return [...new Set(cells.flatMap((cell) => cell.notes))].map((note) => `Note: ${note}`).join('\n');
}

function explanation({ cells }: Plan): string {
  const reasons = cells.flatMap(({ slug, why }) => (why === undefined ? [] : [[`  ${slug}`, why]]));
  return reasons.length === 0 ? '' : `In, and why:\n${columns(reasons)}`;
}

function exclusions(excluded: readonly Excluded[] = []): string {
  const groups = new Map<string, number>();
  for (const { why } of excluded) groups.set(why, (groups.get(why) ?? 0) + 1);
  if (groups.size === 0) return '';
  const rows = [...groups].map(([why, size]) => [`  ${count(size, 'combination')}`, why]);
  return `Out, and why (--format json names each):\n${columns(rows)}`;
}

function coverageSection(coverage: Coverage | undefined): string {
  if (coverage === undefined) return '';
  const { combinations, cells, values, pairs } = coverage;
  const rows = [
    ['  cells', share(cells), ''],
    ['  values', share(values), missing(values)],
    ['  pairs of values', share(pairs), missing(pairs)],
  ];
  return `Coverage of what can exist (${cells.possible} of ${count(combinations, 'combination')} can):\n${columns(rows)}`;
}

function share({ covered, possible }: Omit<Share, 'missing'>): string {
  return `${covered} of ${possible} (${possible === 0 ? 0 : Math.floor((100 * covered) / possible)} %)`;
}

function missing({ missing: tuples }: Share): string {
  if (tuples.length === 0) return '';
  const named = tuples.slice(0, MOST_MISSING).join(', ');
  return `missing: ${named}${tuples.length > MOST_MISSING ? `, and ${tuples.length - MOST_MISSING} more` : ''}`;
}

function memoryOf(machines: readonly { readonly memory: number }[]): number {
  return machines.reduce((sum, { memory }) => sum + memory, 0);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
