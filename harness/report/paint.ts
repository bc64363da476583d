import { styleText } from 'node:util';
import type { Verdict } from '../journal/event.ts';

type Style = 'red' | 'green' | 'yellow' | 'dim' | 'bold';
export type Paint = (style: Style, text: string) => string;

/** Colours for a terminal, or plain text. `NO_COLOR` is honoured by whoever chooses: https://no-color.org */
export function paintFor(colours: boolean): Paint {
  return colours ? (style, text) => styleText(style, text, { validateStream: false }) : (_style, text) => text;
}

export function styleOf(verdict: Verdict): Style {
  if (verdict === 'passed') return 'green';
  return verdict === 'skipped' ? 'yellow' : 'red';
}

export function symbolOf(verdict: Verdict): string {
  if (verdict === 'passed') return '✔';
  return verdict === 'skipped' ? '–' : '✖';
}
