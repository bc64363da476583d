import { reachedPhases, type CaseRecord, type CellRecord, type PhaseRecord, type RunRecord } from '../journal/record.ts';
import { isBad } from '../journal/verdict.ts';
import { duration } from './duration.ts';
import { anchorOf, counted, type PageContext } from './html-context.ts';
import { worstFirst } from './html-detail.ts';
import { badge, evidenceLink, markup, type Markup } from './html-markup.ts';
import { longText } from './html-text.ts';

/** Failures that stand open; of more, each is one line to open. */
const OPEN_FAILURES = 20;

/** What went wrong, with a link to the case among the others of its phase, and to its log. */
export function failures(record: RunRecord, context: PageContext): Markup | string {
  const found = worstFirst(record.cells).flatMap((cell) => [...ownFailure(cell, context), ...caseFailures(cell, context)]);
  if (found.length === 0) return '';
  const open = found.length <= OPEN_FAILURES;
  const shown = found.slice(0, context.detail.failures).map((each) => article(each, open));
  const rest = found.length - shown.length;
  return markup`<section><h2>What went wrong</h2>${shown}${rest === 0 ? '' : markup`<p class="reason">${counted(rest, 'more failure')}: see junit.xml.</p>`}</section>`;
}

/** Reasons why something did not run, each once, with the cases that it kept from running. */
export function skips(record: RunRecord, context: PageContext): Markup | string {
  const reasons = new Map<string, string[]>();
  for (const cell of record.cells.slice(0, context.detail.cells)) {
    for (const { suite, phase, cases } of cell.phases) {
      for (const each of cases) {
        if (each.verdict !== 'skipped') continue;
        const reason = each.message ?? 'no reason given';
        const where = record.cells.length === 1 ? '' : `${cell.cell} `;
        reasons.set(reason, [...(reasons.get(reason) ?? []), `${where}${suite}.${phase} ${each.name}`]);
      }
    }
  }
  if (reasons.size === 0) return '';
  const all = [...reasons].toSorted(([, one], [, other]) => other.length - one.length);
  return markup`<section><h2>What was skipped, and why</h2>${all.map(([reason, names]) => {
    const shown = names.slice(0, context.detail.casesPerPhase);
    const rest = names.length - shown.length;
    return markup`<details class="skip"><summary>${reason} <small>${counted(names.length, 'case')}</small></summary><ul>${shown.map((name) => markup`<li>${name}</li>`)}</ul>${rest === 0 ? '' : `and ${rest} more`}</details>`;
  })}</section>`;
}

interface Failure {
  readonly cell: string;
  readonly verdict: CaseRecord['verdict'];
  readonly head: Markup;
  readonly body: Markup;
}

function article({ cell, verdict, head, body }: Failure, open: boolean): Markup {
  const content = markup`<summary><h3>${badge(verdict)} ${head}</h3></summary>${body}`;
  const start = `case ${verdict}`;
  return open ? markup`<details open class="${start}" data-cell="${cell}">${content}</details>` : markup`<details class="${start}" data-cell="${cell}">${content}</details>`;
}

/** What no case says: a phase's or the cell's own trouble. */
function ownFailure(cell: CellRecord, context: PageContext): Failure[] {
  const { verdict, reason } = cell;
  const lines = [
    ...(isBad(verdict) && reason !== undefined ? [reason] : []),
    ...reachedPhases(cell).filter((each) => each.message !== undefined && isBad(each.verdict)).map((each) => `${each.suite}.${each.phase}: ${each.message ?? ''}`),
  ];
  if (lines.length === 0) return [];
  return [{ cell: anchorOf(cell, context), verdict, head: link(cell, cell.cell, context), body: markup`<div>${lines.map((line) => markup`<p class="message">${line}</p>`)}</div>` }];
}

function caseFailures(cell: CellRecord, context: PageContext): Failure[] {
  return reachedPhases(cell).flatMap((phase) => phase.cases.filter(({ verdict }) => isBad(verdict)).map((each) => caseFailure(cell, phase, each, context)));
}

/** A page with all its cases has something to lead to. */
function link(part: CellRecord | CaseRecord, name: string, context: PageContext): Markup {
  return context.detail.casesPerPhase === Infinity ? markup`<a href="#${anchorOf(part, context)}">${name}</a>` : markup`${name}`;
}

function caseFailure(cell: CellRecord, phase: PhaseRecord, each: CaseRecord, context: PageContext): Failure {
  const { name, verdict, durationMs, message, expected, observed, evidence, location, explains } = each;
  const { evidenceBase, detail } = context;
  const rows: [string, Markup | string | undefined][] = [
    ['expected', expected === undefined ? undefined : longText(expected, detail.text)],
    ['observed', observed === undefined ? undefined : longText(observed, detail.text)],
    ['explains', explains?.join(', ')],
    ['log', evidence === undefined ? undefined : evidenceLink(evidenceBase, evidence, evidence)],
    ['location', location === undefined ? undefined : markup`<code>${location}</code>`],
  ];
  const found = rows.flatMap(([term, value]) => (value === undefined ? [] : [markup`<dt>${term}</dt><dd>${value}</dd>`]));
  const where = `${cell.cell} · ${phase.suite}.${phase.phase} · ${duration(durationMs)}`;
  return {
    cell: anchorOf(cell, context),
    verdict,
    head: markup`${link(each, name, context)} <small>${where}</small>`,
    body: markup`${message === undefined ? '' : markup`<p class="message">${message}</p>`}<dl class="finding">${found}</dl>`,
  };
}
