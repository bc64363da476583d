import { existsSync } from 'node:fs';
import path from 'node:path';
import type { JournalLine } from '../journal/event.ts';
import { readJournal } from '../journal/read.ts';
import { replay } from '../journal/replay.ts';
import { liveLines, permanentText } from './console-live.ts';
import { plainConsole } from './console-plain.ts';
import { openEstimates, type Estimates } from './estimate.ts';
import { paintFor } from './paint.ts';
import { follow, type RunView } from './run-view.ts';
import { screen } from './screen.ts';
import { summary } from './summary.ts';

/** The part of a stream that a console needs; `process.stdout` is one. */
export interface ConsoleStream {
  write(text: string): unknown;
  readonly columns?: number;
  readonly rows?: number;
}

/** `quiet`: what went wrong, and the summary; `verbose`: every case and every message of progress too. */
export type Verbosity = 'quiet' | 'normal' | 'verbose';

export interface ConsoleOptions {
  readonly stream: ConsoleStream;
  /** A live view on a terminal, plain timestamped lines elsewhere. */
  readonly isTTY: boolean;
  /** The run directory, for paths that can be opened and for what earlier attempts have left. */
  readonly directory?: string;
  /** Default: those of the cache directory. */
  readonly estimates?: Estimates;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Default: normal. Only that has a live view. */
  readonly verbosity?: Verbosity;
}

export interface ConsoleReporter {
  /** To be subscribed to the journal. */
  line(line: JournalLine): void;
  /** On a terminal: stays above the live view, which would draw over whatever else is written there. */
  note(text: string): void;
  /** Ends the live view, prints the summary, and keeps the durations for later estimates. */
  close(): void;
}

/** Milliseconds between two pictures: often enough to look alive. */
const FRAME = 100;

export function consoleReporter(options: ConsoleOptions): ConsoleReporter {
  const { stream, isTTY, directory, now = Date.now, estimates = openEstimates(), verbosity = 'normal' } = options;
  const isLive = isTTY && verbosity === 'normal';
  const paint = paintFor(isTTY && (process.env['NO_COLOR'] ?? '') === '');
  const view: RunView = new Map();
  const lines: JournalLine[] = [];
  const live = isLive ? screen(stream) : undefined;
  const plain = plainConsole({ write: (text) => stream.write(text), view, estimates, directory, paint, verbosity });
  const draw = (above?: string) =>
    live?.draw(liveLines({ view, estimates, now: now(), columns: stream.columns || 80, rows: stream.rows || 24, paint }), above);
  const timer = isLive ? setInterval(draw, FRAME).unref() : undefined;
  let open = true;
  return {
    line(line) {
      lines.push(line);
      estimates.learn(line);
      follow(view, line);
      if (live === undefined) return plain(line);
      const above = permanentText(line, directory, paint);
      if (above !== undefined) draw(above);
    },
    note(text) {
      if (open && live !== undefined) draw(paint('bold', text));
    },
    close() {
      if (!open) return;
      open = false;
      clearInterval(timer);
      live?.clear();
      estimates.save();
      stream.write(summary(recordOf(directory, lines), directory, paint));
    },
  };
}

/** The journal knows more than this process has heard when the run was resumed. */
function recordOf(directory: string | undefined, heard: readonly JournalLine[]) {
  const file = directory === undefined ? undefined : path.join(directory, 'journal.jsonl');
  if (file === undefined || !existsSync(file)) return replay(heard);
  const { lines, torn } = readJournal(file);
  return replay(lines, { torn });
}
