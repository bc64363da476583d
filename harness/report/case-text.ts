import type { CaseRecord } from '../journal/record.ts';

/** What a reader needs to know about a case that did not pass: plain text, the heading first, then the most telling line. */
export function caseText({ verdict, message, expected, observed, evidence, location, attempts, explains }: CaseRecord, heading?: string): string {
  const lines = [
    ...(heading === undefined ? [] : [heading]),
    message ?? verdict,
    ...block('expected', expected),
    ...block('observed', observed),
    ...block('explains', explains?.join(', ')),
    ...block('evidence', evidence),
    ...block('location', location),
    ...(attempts > 1 ? block('attempts', String(attempts)) : []),
  ];
  return lines.join('\n');
}

function block(title: string, text: string | undefined): string[] {
  if (text === undefined) return [];
  return text.includes('\n') ? [`${title}:`, ...text.split('\n').map((line) => `  ${line}`)] : [`${title}: ${text}`];
}
