import { casesOf, type RunRecord } from '../journal/record.ts';
import { countsOf } from './counts.ts';
import { duration } from './duration.ts';
import { cellSection, factList } from './html-cell.ts';
import { anchorsOf, type PageContext } from './html-context.ts';
import { DETAILS, EVERYTHING, leastLength, leftOut, worstFirst, type Detail } from './html-detail.ts';
import { failures, skips } from './html-failures.ts';
import { CONTENT_POLICY, FILTER_SCRIPT } from './html-filter.ts';
import { badge, markup, type Markup } from './html-markup.ts';
import { overview } from './html-overview.ts';
import { STYLE } from './html-style.ts';

export interface HtmlOptions {
  /** From the page's directory to the run directory; '' when the page lies in it. */
  readonly evidenceBase?: string;
  /** The run directory as a command names it. */
  readonly directory?: string;
  /** Bytes; a test may want fewer. */
  readonly maxBytes?: number;
}

/** Bytes of a page: what a browser on a phone opens, and a mail or a job's artifacts carry, without a thought. */
const MAX_BYTES = 5_000_000;

/** The record as one page that needs nothing else: no font, no image, no network. Says what it left out to stay small. Pure. */
export function html(record: RunRecord, { evidenceBase = '', directory = 'RUN-DIR', maxBytes = MAX_BYTES }: HtmlOptions = {}): string {
  const given = { evidenceBase, directory, alone: record.cells.length === 1, anchors: anchorsOf(record) };
  let smallest = '';
  for (const detail of DETAILS) {
    // what is removed from texts in a report may make the page shorter than its texts, but not by half
    if (leastLength(record, detail) > 2 * maxBytes) continue;
    smallest = page(record, { ...given, detail });
    if (Buffer.byteLength(smallest) <= maxBytes) return smallest;
  }
  return smallest;
}

function page(record: RunRecord, context: PageContext): string {
  const [only] = record.cells;
  const name = record.cells.length === 1 && only !== undefined ? only.cell : record.cells.length === 0 ? record.run : `${record.cells.length} cells`;
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${CONTENT_POLICY}">
<title>${`${record.verdict}: ${name}`}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${header(record, name)}
${missing(record, context.detail)}
${problems(record)}
${failures(record, context)}
${overview(record, context)}
${skips(record, context)}
${worstFirst(record.cells).slice(0, context.detail.cells).map((cell) => cellSection(cell, context))}
</main>
<footer>Derived from <code>journal.jsonl</code> by proofgrid ${record.version}. Times are UTC.</footer>
${FILTER_SCRIPT}
</body>
</html>
`.html;
}

function header(record: RunRecord, name: string): Markup {
  const { run, verdict, reason, provider, startedAt, durationMs, argv, attempts, exitCode } = record;
  const counted = countsOf(casesOf(record).map((each) => each.verdict));
  const facts: [string, string][] = [
    ['run', run],
    ['command', ['proofgrid', ...argv].join(' ').slice(0, MAX_COMMAND)],
    ['provider', provider],
    ['started', startedAt === undefined ? 'unknown' : startedAt.replace('T', ' ').replace(/\.\d+Z$/, '')],
    ['took', duration(durationMs)],
    ['exit code', String(exitCode)],
    ...(attempts > 1 ? ([['attempts', String(attempts)]] satisfies [string, string][]) : []),
  ];
  return markup`<header class="${verdict}">
<h1>${badge(verdict)} ${name}</h1>
${verdict === 'passed' || reason === undefined ? '' : markup`<p class="reason">${reason}</p>`}
<p class="counts">${counted.map(([each, count]) => markup`<span class="count ${each}"><b>${String(count)}</b> ${each}</span>`)}</p>
${factList(facts)}
</header>`;
}

/** Characters: a command may name a thousand cells. */
const MAX_COMMAND = 2000;

function missing(record: RunRecord, detail: Detail): Markup | string {
  if (detail === EVERYTHING) return '';
  const lines = leftOut(record, detail);
  return markup`<section class="problems"><h2>This page is not complete</h2>
<p>To stay small it leaves out the following; <code>junit.xml</code> and <code>journal.jsonl</code> beside it have more.</p>
<ul>${lines.map((line) => markup`<li>${line}</li>`)}</ul></section>`;
}

function problems({ problems: found }: RunRecord): Markup | string {
  if (found.length === 0) return '';
  const shown = found.slice(0, MAX_PROBLEMS);
  const rest = found.length - shown.length;
  return markup`<section class="problems"><h2>The journal is not whole</h2><ul>${shown.map((each) => markup`<li>${each}</li>`)}</ul>${rest === 0 ? '' : `and ${rest} more`}</section>`;
}

/** Gaps of one broken journal are alike. */
const MAX_PROBLEMS = 100;
