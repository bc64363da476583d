import { createHash } from 'node:crypto';
import type { Verdict } from '../journal/event.ts';
import type { RunRecord } from '../journal/record.ts';
import { isBad } from '../journal/verdict.ts';
import { Markup, markup } from './html-markup.ts';

/**
 * Hides what belongs to other cells, and opens what a link leads into. Everything is on the page without it.
 * An element with `data-cell` belongs to the cell of that number; `data-words` of a row is what is searched.
 */
const SCRIPT = `
const form = document.getElementById('filter');
const reveal = () => {
  let target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let each = target; each; each = each.parentElement) if (each.tagName === 'DETAILS') each.open = true;
  if (target) target.scrollIntoView();
};
addEventListener('hashchange', reveal);
reveal();
if (form) {
  const [text, verdict, count] = ['filter-text', 'filter-verdict', 'filter-count'].map((id) => document.getElementById(id));
  const rows = [...document.querySelectorAll('[data-words]')];
  const parts = [...document.querySelectorAll('[data-cell]')];
  const apply = () => {
    const words = text.value.toLowerCase().split(/\\s+/);
    const wanted = (row) => words.every((word) => row.dataset.words.includes(word)) && verdict.value.split(' ').includes(row.dataset.verdict);
    const shown = new Set(rows.filter(wanted).map((row) => row.dataset.cell));
    for (const part of parts) part.hidden = !shown.has(part.dataset.cell);
    count.textContent = shown.size + ' of ' + rows.length + ' cells';
  };
  form.addEventListener('input', apply);
  form.addEventListener('submit', (event) => event.preventDefault());
  form.hidden = false;
  apply();
}
`;

const SCRIPT_HASH = createHash('sha256').update(SCRIPT).digest('base64');

/** Only the page's own style and this very script may run: https://www.w3.org/TR/CSP3/#match-element-to-source-list */
export const CONTENT_POLICY = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${SCRIPT_HASH}'`;

export const FILTER_SCRIPT = Markup.trusted(`<script>${SCRIPT}</script>`);

/** Hidden until the script runs, so that no field is shown that does nothing. */
export function cellFilter({ cells }: RunRecord): Markup | string {
  if (cells.length < 2) return '';
  const verdicts = [...new Set(cells.map(({ verdict }) => verdict))];
  const bad = verdicts.filter(isBad);
  const choices: [string, readonly Verdict[]][] = [
    ['every verdict', verdicts],
    ...(bad.length > 1 ? ([['all that went wrong', bad]] satisfies [string, readonly Verdict[]][]) : []),
    ...verdicts.map((verdict): [string, readonly Verdict[]] => [verdict, [verdict]]),
  ];
  return markup`<form id="filter" hidden>
<label>Cells with <input id="filter-text" type="search" placeholder="debian-13 docker" autocomplete="off"></label>
<label>Verdict <select id="filter-verdict">${choices.map(([name, values]) => markup`<option value="${values.join(' ')}">${name}</option>`)}</select></label>
<output id="filter-count"></output>
</form>`;
}
