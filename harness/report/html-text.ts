import { markup, type Markup } from './html-markup.ts';

/** Lines of a text that stand open on the page; a longer one is folded under its first line. */
const OPEN_LINES = 30;

/** A text of several lines, whole; cut only where the page would grow too large. @param limit characters */
export function longText(value: string, limit: number): Markup {
  const text = value.length <= limit ? value : `${value.slice(0, limit)}\n… ${value.length - limit} more characters are in journal.jsonl`;
  const lines = text.split('\n');
  if (lines.length <= OPEN_LINES) return markup`<pre>${text}</pre>`;
  return markup`<details class="long"><summary><code>${lines[0] ?? ''}</code> <small>${String(lines.length)} lines</small></summary><pre>${text}</pre></details>`;
}
