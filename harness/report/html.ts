import { casesOf, reachedPhases, type CellRecord, type RunRecord } from '../journal/record.ts';
import { isBad } from '../journal/verdict.ts';
import { countsOf } from './counts.ts';
import { duration } from './duration.ts';
import { badge, markup, type Markup } from './html-markup.ts';
import { caseSection, cellMatrix, cellSection } from './html-cell.ts';
import { STYLE } from './html-style.ts';

export interface HtmlOptions {
  /** From the page's directory to the run directory; '' when the page lies in it. */
  readonly evidenceBase?: string;
}

/** The record as one page that needs nothing else: no script, no font, no image, no network. Pure. */
export function html(record: RunRecord, { evidenceBase = '' }: HtmlOptions = {}): string {
  const title = `${record.verdict}: ${record.cells.map(({ cell }) => cell).join(', ') || record.run}`;
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${header(record)}
${problems(record)}
${failures(record, evidenceBase)}
${cellMatrix(record)}
${record.cells.map((cell) => cellSection(cell, evidenceBase))}
</main>
<footer>Derived from <code>journal.jsonl</code> by proofgrid ${record.version}. Times are UTC.</footer>
</body>
</html>
`;
  return page.html;
}

function header(record: RunRecord): Markup {
  const { run, verdict, reason, provider, startedAt, durationMs, argv, attempts, exitCode } = record;
  const counted = countsOf(casesOf(record).map((each) => each.verdict));
  const facts: [string, string][] = [
    ['run', run],
    ['command', ['proofgrid', ...argv].join(' ')],
    ['provider', provider],
    ['started', startedAt === undefined ? 'unknown' : startedAt.replace('T', ' ').replace(/\.\d+Z$/, '')],
    ['took', duration(durationMs)],
    ['exit code', String(exitCode)],
    ...(attempts > 1 ? ([['attempts', String(attempts)]] satisfies [string, string][]) : []),
  ];
  return markup`<header class="${verdict}">
<h1>${badge(verdict)} ${record.cells.length === 1 ? (record.cells[0]?.cell ?? run) : `${record.cells.length} cells`}</h1>
${verdict === 'passed' || reason === undefined ? '' : markup`<p class="reason">${reason}</p>`}
<p class="counts">${counted.map(([each, count]) => markup`<span class="count ${each}"><b>${String(count)}</b> ${each}</span>`)}</p>
<dl class="facts">${facts.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
</header>`;
}

function problems({ problems: found }: RunRecord): Markup | string {
  if (found.length === 0) return '';
  return markup`<section class="problems"><h2>The journal is not whole</h2><ul>${found.map((each) => markup`<li>${each}</li>`)}</ul></section>`;
}

function failures(record: RunRecord, evidenceBase: string): Markup | string {
  const found = record.cells.flatMap((cell) => [...ownFailure(cell), ...caseFailures(cell, evidenceBase)]);
  return found.length === 0 ? '' : markup`<section><h2>What went wrong</h2>${found}</section>`;
}

function caseFailures(cell: CellRecord, evidenceBase: string): Markup[] {
  return reachedPhases(cell).flatMap(({ suite, phase, cases }) =>
    cases.filter(({ verdict }) => isBad(verdict)).map((each) => caseSection(each, `${cell.cell} · ${suite}.${phase}`, evidenceBase)),
  );
}

/** What no case says: a phase's or the cell's own trouble. */
function ownFailure({ cell, verdict, reason, finished, phases }: CellRecord): Markup[] {
  const lines = [
    ...(isBad(verdict) && reason !== undefined ? [reason] : []),
    ...reachedPhases({ finished, phases }).filter((each) => each.message !== undefined && isBad(each.verdict)).map((each) => `${each.suite}.${each.phase}: ${each.message ?? ''}`),
  ];
  if (lines.length === 0) return [];
  return [markup`<article class="case ${verdict}"><h3>${badge(verdict)} ${cell}</h3>${lines.map((line) => markup`<p class="message">${line}</p>`)}</article>`];
}
