import path from 'node:path';
import type { CaseResult } from '../journal/event.ts';
import { duration } from './duration.ts';
import type { Paint } from './paint.ts';
import { visible } from './visible.ts';

/** Lines of one text that a console shows, from its start and from its end; the report has them all. */
const HEAD_LINES = 8;
const TAIL_LINES = 6;

export interface FailureText {
  readonly where: string;
  readonly result: CaseResult;
  /** The run directory, to make the evidence's path one that can be opened. */
  readonly directory?: string | undefined;
  readonly paint: Paint;
}

/** A case that went wrong, as a block for the console: what was expected, what was observed, where to look. */
export function failureText({ where, result, directory, paint }: FailureText): string {
  const evidence = result.evidence === undefined ? undefined : path.join(directory ?? '', result.evidence);
  const details = [
    ...detail('', result.message),
    ...detail('expected', result.expected),
    ...detail('observed', result.observed),
    ...detail('evidence', evidence),
    ...detail('location', result.location),
  ];
  const title = `${where} ${visible(result.name)} ${result.verdict} after ${duration(result.durationMs)}`;
  return [paint('red', `✖ ${title}`), ...details].join('\n');
}

function detail(title: string, text: string | undefined): string[] {
  if (text === undefined) return [];
  const all = visible(text).trimEnd().split('\n');
  const left = all.length - HEAD_LINES - TAIL_LINES;
  const lines = left <= 1 ? all : [...all.slice(0, HEAD_LINES), `… ${left} more lines are in report.html`, ...all.slice(-TAIL_LINES)];
  const width = title === '' ? 0 : 10;
  return lines.map((line, index) => `    ${(index === 0 ? title : '').padEnd(width)}${line}`.trimEnd());
}
