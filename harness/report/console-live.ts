import type { JournalLine } from '../journal/event.ts';
import { isBad } from '../journal/verdict.ts';
import { duration } from './duration.ts';
import type { Estimates } from './estimate.ts';
import { failureText } from './failure-text.ts';
import { styleOf, symbolOf, type Paint } from './paint.ts';
import type { CellView, RunView } from './run-view.ts';
import { visible } from './visible.ts';

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

export interface LiveView {
  readonly view: RunView;
  readonly estimates: Estimates;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
}

/** What stays on the screen above the live view: finished phases in one line, failures in full. */
export function permanentText(line: JournalLine, directory: string | undefined, paint: Paint): string | undefined {
  if (line.type === 'case-finished' && isBad(line.verdict)) {
    return failureText({ where: `${line.cell} ${line.suite}.${line.phase}`, result: line, directory, paint });
  }
  if (line.type === 'phase-finished') {
    return `${paint(styleOf(line.verdict), symbolOf(line.verdict))} ${line.cell} ${line.suite}.${line.phase} ${paint('dim', duration(line.durationMs))}`;
  }
  if (line.type === 'cell-finished') {
    const reason = line.reason === undefined ? '' : `: ${visible(line.reason)}`;
    return paint('bold', `${symbolOf(line.verdict)} ${line.cell} ${line.verdict} after ${duration(line.durationMs)}${reason}`);
  }
  return undefined;
}

/** One or two lines per running cell, cut to the terminal's width; cells that do not fit are counted. */
export function liveLines({ view, estimates, now, columns, rows, paint }: LiveView): string[] {
  const spinner = SPINNER[Math.floor(now / 100) % SPINNER.length] ?? '';
  const lines = [...view.values()].flatMap((cell) => cellLines(cell, estimates, now, spinner));
  const room = Math.max(2, rows - 2);
  const shown = lines.length <= room ? lines : [...lines.slice(0, room - 1), { text: `… ${lines.length - room + 1} more lines` }];
  return shown.map(({ text, dim }) => paint(dim === true ? 'dim' : 'bold', fitted(text, columns)));
}

function cellLines({ cell, startedAt, phase, case: current, message }: CellView, estimates: Estimates, now: number, spinner: string): { text: string; dim?: boolean }[] {
  const whole = progressOf(now - startedAt, estimates.of([cell]));
  if (phase === undefined) return [{ text: `${spinner} ${cell}  ${whole}` }, ...messageLine(message)];
  const key = [cell, phase.suite, phase.phase];
  const part = progressOf(now - phase.startedAt, estimates.of(key));
  const head = `${spinner} ${cell}  ${whole}  ${phase.suite}.${phase.phase}  ${part}`;
  if (current === undefined) return [{ text: head }, ...messageLine(message)];
  const step = `${current.name}  ${progressOf(now - current.startedAt, estimates.of([...key, current.name]))}`;
  return [{ text: head }, { text: `    ${visible(step)}${message === undefined ? '' : `  ${oneLine(message)}`}`, dim: true }];
}

function messageLine(message: string | undefined): { text: string; dim: boolean }[] {
  return message === undefined ? [] : [{ text: `    ${oneLine(message)}`, dim: true }];
}

function progressOf(elapsed: number, estimate: number | undefined): string {
  const spent = duration(elapsed);
  return estimate === undefined ? spent : `${spent} of about ${duration(estimate)}`;
}

function oneLine(text: string): string {
  return visible(text).replace(/\s+/g, ' ');
}

function fitted(text: string, columns: number): string {
  const characters = [...text];
  // The last column stays free: writing into it makes some terminals wrap.
  return characters.length < columns ? text : `${characters.slice(0, Math.max(1, columns - 2)).join('')}…`;
}
