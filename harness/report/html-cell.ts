import type { CaseRecord, CellRecord, PhaseRecord, RunRecord } from '../journal/record.ts';
import { isBad } from '../journal/verdict.ts';
import { warningsOf } from '../journal/warning.ts';
import { duration } from './duration.ts';
import { badge, evidenceLink, markup, type Markup } from './html-markup.ts';
import { symbolOf } from './paint.ts';

/** Cells down, phases across, a verdict and a duration in each field. */
export function cellMatrix(record: RunRecord): Markup | string {
  if (record.cells.length === 0) return '';
  const columns = [...new Set(record.cells.flatMap(({ phases }) => phases.map(({ suite, phase }) => `${suite}.${phase}`)))];
  return markup`<section><h2>Cells and phases</h2>
<div class="scroll"><table class="matrix">
<thead><tr><th scope="col">cell</th><th scope="col">all</th>${columns.map((column) => markup`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${record.cells.map((cell) => row(cell, columns))}</tbody>
</table></div></section>`;
}

function row(cell: CellRecord, columns: readonly string[]): Markup {
  const fields = columns.map((column) => field(cell.phases.find(({ suite, phase }) => `${suite}.${phase}` === column)));
  return markup`<tr><th scope="row"><a href="#${anchor(cell.cell)}">${cell.cell}</a></th>
<td class="${cell.verdict}">${symbolOf(cell.verdict)} ${cell.verdict}<small>${duration(cell.durationMs)}</small></td>${fields}</tr>`;
}

function field(phase: PhaseRecord | undefined): Markup {
  if (phase === undefined) return markup`<td class="none">·</td>`;
  const { verdict, durationMs, cases } = phase;
  const passed = cases.filter((each) => each.verdict === 'passed').length;
  return markup`<td class="${verdict}">${symbolOf(verdict)} ${`${passed}/${cases.length}`}<small>${duration(durationMs)}</small></td>`;
}

/** Everything about one cell; phases that passed are folded. */
export function cellSection(cell: CellRecord, evidenceBase: string): Markup {
  const warnings = warningsOf(cell.properties);
  const facts = Object.entries({ ...cell.axes, ...cell.properties }).filter(([, value]) => !warnings.includes(value));
  return markup`<section id="${anchor(cell.cell)}" class="cell">
<h2>${badge(cell.verdict)} ${cell.cell} <small>${duration(cell.durationMs)}</small></h2>
${cell.reason === undefined ? '' : markup`<p class="reason">${cell.reason}</p>`}
${warnings.map((warning) => markup`<p class="warning">⚠ ${warning}</p>`)}
<dl class="facts">${facts.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${cell.leases.map(({ lease, state, machines, until }) => {
    const names = machines.map(({ name, address }) => `${name} ${address}`).join(', ');
    return markup`<p class="lease">lease <code>${lease}</code> ${state}${until === undefined ? '' : ` until ${until}`}: ${names}</p>`;
  })}
${cell.phases.map((phase) => phaseSection(phase, evidenceBase))}
${evidenceList(cell, evidenceBase)}
</section>`;
}

function phaseSection(phase: PhaseRecord, evidenceBase: string): Markup {
  const { suite, phase: name, verdict, durationMs, message, cases } = phase;
  const head = markup`<summary>${badge(verdict)} <b>${suite}.${name}</b> <small>${duration(durationMs)} · ${String(cases.length)} ${cases.length === 1 ? 'case' : 'cases'}</small></summary>`;
  const body = markup`${message === undefined ? '' : markup`<p class="message">${message}</p>`}
<table class="cases"><thead><tr><th>case</th><th>verdict</th><th>took</th><th>expected</th><th>observed</th><th>evidence</th></tr></thead>
<tbody>${cases.map((each) => caseRow(each, evidenceBase))}</tbody></table>`;
  return isBad(verdict) ? markup`<details open>${head}${body}</details>` : markup`<details>${head}${body}</details>`;
}

function caseRow(each: CaseRecord, evidenceBase: string): Markup {
  const { name, classname, verdict, durationMs, message, expected, observed, evidence, attempts } = each;
  const note = [classname, ...(attempts > 1 ? [`attempt ${attempts}`] : []), ...(message === undefined ? [] : [message])].join(' · ');
  return markup`<tr><th scope="row">${name}<small>${note}</small></th><td class="${verdict}">${symbolOf(verdict)} ${verdict}</td>
<td class="time">${duration(durationMs)}</td><td>${text(expected)}</td><td>${text(observed)}</td><td>${evidence === undefined ? '' : evidenceLink(evidenceBase, evidence, 'open')}</td></tr>`;
}

/** A case that went wrong, in full. */
export function caseSection(each: CaseRecord, where: string, evidenceBase: string): Markup {
  const { name, verdict, durationMs, message, expected, observed, evidence, location, explains } = each;
  const rows: [string, Markup | string][] = [
    ...(expected === undefined ? [] : ([['expected', markup`<pre>${expected}</pre>`]] satisfies [string, Markup][])),
    ...(observed === undefined ? [] : ([['observed', markup`<pre>${observed}</pre>`]] satisfies [string, Markup][])),
    ...(explains === undefined ? [] : ([['explains', explains.join(', ')]] satisfies [string, Markup | string][])),
    ...(evidence === undefined ? [] : ([['evidence', evidenceLink(evidenceBase, evidence, evidence)]] satisfies [string, Markup][])),
    ...(location === undefined ? [] : ([['location', markup`<code>${location}</code>`]] satisfies [string, Markup][])),
  ];
  return markup`<article class="case ${verdict}">
<h3>${badge(verdict)} ${name} <small>${where} · ${duration(durationMs)}</small></h3>
${message === undefined ? '' : markup`<p class="message">${message}</p>`}
<dl class="finding">${rows.map(([term, value]) => markup`<dt>${term}</dt><dd>${value}</dd>`)}</dl>
</article>`;
}

function evidenceList({ evidence }: CellRecord, base: string): Markup | string {
  if (evidence.length === 0) return '';
  return markup`<details><summary><b>Evidence</b> <small>${String(evidence.length)} ${evidence.length === 1 ? 'file' : 'files'}</small></summary>
<ul class="evidence">${evidence.map(({ path, title }) => markup`<li>${evidenceLink(base, path, title)}</li>`)}</ul></details>`;
}

function text(value: string | undefined): Markup | string {
  return value === undefined ? '' : markup`<pre>${value}</pre>`;
}

/** Distinguishes a cell from any other anchor of the page, whatever it is called. */
function anchor(cell: string): string {
  return `cell-${cell}`;
}
