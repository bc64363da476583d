import type { CaseRecord, CellRecord, LeaseRecord, PhaseRecord } from '../journal/record.ts';
import { isBad } from '../journal/verdict.ts';
import { warningsOf } from '../journal/warning.ts';
import { shellJoin } from '../machine/quote.ts';
import { duration } from './duration.ts';
import { anchorOf, counted, type PageContext } from './html-context.ts';
import { casesShown } from './html-detail.ts';
import { badge, evidenceLink, markup, type Markup } from './html-markup.ts';
import { longText } from './html-text.ts';
import { symbolOf } from './paint.ts';

/** Everything about one cell, folded where it passed among others; so are phases that passed. */
export function cellSection(cell: CellRecord, context: PageContext): Markup {
  const open = isBad(cell.verdict) || context.alone;
  const head = markup`<summary><h2>${badge(cell.verdict)} ${cell.cell} <small>${duration(cell.durationMs)}</small></h2></summary>`;
  const body = markup`<div id="${anchorOf(cell, context)}">
${cell.reason === undefined ? '' : markup`<p class="reason">${cell.reason}</p>`}
${warningsOf(cell.properties).map((warning) => markup`<p class="warning">⚠ ${warning}</p>`)}
${factList(Object.entries(cell.axes))}
${versionFacts(cell, context)}
${cell.leases.map((lease) => leaseLines(cell, lease, context))}
${cell.phases.map((phase) => phaseSection(phase, context))}
${evidenceList(cell, context)}
</div>`;
  const number = anchorOf(cell, context);
  return open ? markup`<details open class="cell" data-cell="${number}">${head}${body}</details>` : markup`<details class="cell" data-cell="${number}">${head}${body}</details>`;
}

export function factList(facts: readonly (readonly [string, string])[]): Markup | string {
  return facts.length === 0 ? '' : markup`<dl class="facts">${facts.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function versionFacts({ properties }: CellRecord, { detail }: PageContext): Markup | string {
  const warnings = warningsOf(properties);
  const facts = Object.entries(properties).filter(([, value]) => !warnings.includes(value));
  if (facts.length === 0 || !detail.lists) return '';
  return markup`<details class="versions"><summary><b>Versions and other facts</b> <small>${String(facts.length)}</small></summary>${factList(facts)}</details>`;
}

function leaseLines(cell: CellRecord, { lease, state, machines, until }: LeaseRecord, { directory, alone }: PageContext): Markup {
  const names = machines.map(({ name, address }) => `${name} ${address}`).join(', ');
  const line = markup`<p class="lease">lease <code>${lease}</code> ${state}${until === undefined ? '' : ` until ${until}`}: ${names}</p>`;
  if (state !== 'kept') return line;
  const commands = machines.map(({ name }) => shellJoin(['proofgrid', 'shell', directory, alone ? name : `${cell.cell}/${name}`]));
  return markup`${line}<p class="enter">Get in with</p><pre class="command">${commands.join('\n')}</pre>`;
}

function phaseSection(phase: PhaseRecord, context: PageContext): Markup {
  const { suite, phase: name, verdict, durationMs, message, cases } = phase;
  const shown = casesShown(phase, context.detail);
  const rest = cases.length - shown.length;
  const head = markup`<summary>${badge(verdict)} <b>${suite}.${name}</b> <small>${duration(durationMs)} · ${counted(cases.length, 'case')}</small></summary>`;
  const table = markup`<table class="cases"><thead><tr><th>case</th><th>verdict</th><th>expected</th><th>observed</th><th>log</th></tr></thead>
<tbody>${shown.map((each) => caseRow(each, context))}</tbody></table>`;
  const body = markup`<div id="${anchorOf(phase, context)}">${message === undefined ? '' : markup`<p class="message">${message}</p>`}
${shown.length === 0 ? '' : table}${rest === 0 ? '' : markup`<p class="rest">${counted(rest, shown.length === 0 ? 'case' : 'more case')} ${rest === 1 ? 'is' : 'are'} left out here.</p>`}</div>`;
  return isBad(verdict) ? markup`<details open>${head}${body}</details>` : markup`<details>${head}${body}</details>`;
}

function caseRow(each: CaseRecord, context: PageContext): Markup {
  const { name, classname, verdict, durationMs, message, expected, observed, evidence, attempts } = each;
  const note = [classname, ...(attempts > 1 ? [`attempt ${attempts}`] : []), ...(message === undefined ? [] : [message])].join(' · ');
  const log = evidence === undefined ? undefined : evidenceLink(context.evidenceBase, evidence, 'open');
  const field = (term: string, value: Markup | undefined) => (value === undefined ? markup`<td></td>` : markup`<td data-term="${term}">${value}</td>`);
  const text = (value: string | undefined) => (value === undefined ? undefined : longText(value, context.detail.text));
  return markup`<tr id="${anchorOf(each, context)}"><th scope="row">${name}<small>${note}</small></th><td class="${verdict}">${symbolOf(verdict)} ${verdict}<small>${duration(durationMs)}</small></td>${field('expected', text(expected))}${field('observed', text(observed))}${field('log', log)}</tr>`;
}

function evidenceList({ evidence }: CellRecord, { evidenceBase, detail }: PageContext): Markup | string {
  if (evidence.length === 0 || !detail.lists) return '';
  return markup`<details><summary><b>Evidence</b> <small>${counted(evidence.length, 'file')}</small></summary>
<ul class="evidence">${evidence.map(({ path, title }) => markup`<li>${evidenceLink(evidenceBase, path, title)}</li>`)}</ul></details>`;
}
