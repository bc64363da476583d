import { NOT_RUN, type CellRecord, type PhaseRecord, type RunRecord } from '../journal/record.ts';
import { worst } from '../journal/verdict.ts';
import { duration } from './duration.ts';
import { anchorOf, type PageContext } from './html-context.ts';
import { worstFirst } from './html-detail.ts';
import { cellFilter } from './html-filter.ts';
import { markup, type Markup } from './html-markup.ts';
import { symbolOf } from './paint.ts';

/** One row a cell: what distinguishes it from the others, its verdict, its suites, and the phases that did not pass. */
export function overview(record: RunRecord, context: PageContext): Markup | string {
  if (record.cells.length === 0) return '';
  const axes = differingAxes(record.cells);
  const cells = worstFirst(record.cells).slice(0, context.detail.cells);
  return markup`<section><h2>Cells and phases</h2>
${cellFilter(record)}
<table class="overview"><thead><tr><th scope="col">cell</th><th scope="col">verdict</th><th scope="col">suites and phases</th></tr></thead>
<tbody>${cells.map((cell) => row(cell, axes, context))}</tbody></table></section>`;
}

function differingAxes(cells: readonly CellRecord[]): string[] {
  const names = [...new Set(cells.flatMap(({ axes }) => Object.keys(axes)))];
  return names.filter((name) => new Set(cells.map(({ axes }) => axes[name])).size > 1);
}

function row(cell: CellRecord, axes: readonly string[], context: PageContext): Markup {
  const words = [cell.cell, ...Object.values(cell.axes)].join(' ').toLowerCase();
  const own = axes.flatMap((name) => (cell.axes[name] === undefined ? [] : [`${name} ${cell.axes[name]}`])).join(' · ');
  const suites = [...new Set(cell.phases.map(({ suite }) => suite))].map((suite) => suiteChip(suite, cell.phases));
  const phases = cell.phases.filter(({ phase, verdict }) => verdict !== 'passed' && phase !== NOT_RUN).map((phase) => phaseChip(phase, context));
  return markup`<tr data-cell="${anchorOf(cell, context)}" data-verdict="${cell.verdict}" data-words="${words}"><th scope="row"><a href="#${anchorOf(cell, context)}">${cell.cell}</a>${own === '' ? '' : markup`<small>${own}</small>`}</th>
<td class="${cell.verdict}">${symbolOf(cell.verdict)} ${cell.verdict}<small>${duration(cell.durationMs)}</small></td>
<td><ul class="chips">${[...suites, ...phases]}</ul></td></tr>`;
}

function suiteChip(suite: string, all: readonly PhaseRecord[]): Markup {
  const phases = all.filter((phase) => phase.suite === suite);
  return chip(suite, worst(phases.map(({ verdict }) => verdict)), phases);
}

function phaseChip(phase: PhaseRecord, context: PageContext): Markup {
  const name = markup`<a href="#${anchorOf(phase, context)}">${`${phase.suite}.${phase.phase}`}</a>`;
  return chip(name, phase.verdict, [phase]);
}

function chip(name: string | Markup, verdict: PhaseRecord['verdict'], phases: readonly PhaseRecord[]): Markup {
  const cases = phases.flatMap((phase) => phase.cases);
  const passed = cases.filter((each) => each.verdict === 'passed').length;
  return markup`<li class="chip ${verdict}">${symbolOf(verdict)} ${name} ${`${passed}/${cases.length}`}</li>`;
}
