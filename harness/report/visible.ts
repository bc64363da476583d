import { withoutControls } from '../journal/text.ts';

/**
 * Colour codes (SGR) whose escape character somebody else removed or wrote out (`\u001b[31m`, `\e[0m`).
 * What stands before a bracket or colon is no colour but a Prometheus range: `rate(x[5m])`.
 */
const COLOUR_REMAINS = /(?:\\(?:u001[bB]|x1[bB]|e|033))?\[(?:[0-9]|[1-9][0-9]|10[0-7])?(?:;\d{1,3})*m(?![\]:])/g;

/** A text as a report shows it: valid in XML 1.0, and nothing in it that only a terminal understands. */
export function visible(text: string): string {
  return withoutControls(text).replace(COLOUR_REMAINS, (match) => (match === '[m' ? match : ''));
}

/** A name: its blanks made one, none around it. */
export function oneLine(text: string): string {
  return visible(text).replace(/\s+/g, ' ').trim();
}
