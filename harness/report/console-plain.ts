import type { JournalLine } from '../journal/event.ts';
import { isBad } from '../journal/verdict.ts';
import { duration } from './duration.ts';
import type { Verbosity } from './console.ts';
import type { Estimates } from './estimate.ts';
import { failureText } from './failure-text.ts';
import type { Paint } from './paint.ts';
import type { RunView } from './run-view.ts';
import { visible } from './visible.ts';

/** Milliseconds of silence after which a progress message is worth a line: enough to see life, too little to bury a failure. */
const SILENCE = 15_000;

export interface PlainConsole {
  readonly write: (text: string) => void;
  readonly view: RunView;
  readonly estimates: Estimates;
  readonly directory?: string | undefined;
  readonly paint: Paint;
  readonly verbosity?: Verbosity;
}

/** Timestamped lines, for logs: phases and failures, and progress only where it has been silent for long. */
export function plainConsole({ write, view, estimates, directory, paint, verbosity = 'normal' }: PlainConsole): (line: JournalLine) => void {
  let lastAt = 0;
  return (line) => {
    const at = Date.parse(line.at);
    const patience = verbosity === 'verbose' ? 0 : SILENCE;
    const text = verbosity === 'quiet' ? failureOf(line, directory, paint) : textOf(line, { view, estimates, directory, paint, verbosity }) ?? (at - lastAt >= patience ? progressOf(line, view) : undefined);
    if (text === undefined) return;
    lastAt = at;
    const [head, ...rest] = text.split('\n');
    write([`${line.at.slice(11, 19)} ${head ?? ''}`, ...rest].map((each) => `${each}\n`).join(''));
  };
}

type Context = Omit<PlainConsole, 'write'>;

function failureOf(line: JournalLine, directory: string | undefined, paint: Paint): string | undefined {
  if (line.type !== 'case-finished' || !isBad(line.verdict)) return undefined;
  return failureText({ where: `${line.cell} ${line.suite}.${line.phase}`, result: line, directory, paint });
}

function textOf(line: JournalLine, { estimates, directory, paint, verbosity }: Context): string | undefined {
  switch (line.type) {
    case 'run-started':
      return `run ${line.run}: ${line.cells.length === 1 ? '1 cell' : `${line.cells.length} cells`} on ${line.provider}`;
    case 'cell-started':
      return `${line.cell} started${usually(estimates.of([line.cell]))}`;
    case 'phase-started':
      return `${line.cell} ${line.suite}.${line.phase} started${usually(estimates.of([line.cell, line.suite, line.phase]))}`;
    case 'phase-finished':
      return `${line.cell} ${line.suite}.${line.phase} ${line.verdict} after ${duration(line.durationMs)}`;
    case 'case-finished':
      return failureOf(line, directory, paint) ?? (verbosity === 'verbose' ? `${line.cell} ${line.suite}.${line.phase} ${visible(line.name)} ${line.verdict} after ${duration(line.durationMs)}` : undefined);
    case 'lease-kept':
      return `${line.cell} machines are kept until ${line.until} (lease ${line.lease})`;
    case 'cell-finished':
      return `${line.cell} ${line.verdict} after ${duration(line.durationMs)}${line.reason === undefined ? '' : `: ${visible(line.reason)}`}`;
    default:
      return undefined;
  }
}

function progressOf(line: JournalLine, view: RunView): string | undefined {
  if (line.type !== 'progress') return undefined;
  const phase = view.get(line.cell)?.phase;
  return `${line.cell}${phase === undefined ? '' : ` ${phase.suite}.${phase.phase}`}: ${visible(line.message)}`;
}

function usually(milliseconds: number | undefined): string {
  return milliseconds === undefined ? '' : `, usually ${duration(milliseconds)}`;
}
