import type { JournalLine } from '../journal/event.ts';
import { consoleReporter, type ConsoleOptions, type ConsoleReporter, type Verbosity } from './console.ts';

/** What a run says while it goes on. */
export type ReporterChoice = { readonly type: 'console'; readonly verbosity: Verbosity } | { readonly type: 'json' };

export function reporterOf(choice: ReporterChoice | undefined, options: ConsoleOptions): ConsoleReporter {
  if (choice?.type === 'json') return jsonReporter(options);
  return consoleReporter({ ...options, ...(choice === undefined ? {} : { verbosity: choice.verbosity }) });
}

/** The journal's lines as they are written, for programs; the last one has the verdict. */
function jsonReporter({ stream, estimates }: ConsoleOptions): ConsoleReporter {
  return {
    line(line: JournalLine) {
      estimates?.learn(line);
      stream.write(`${JSON.stringify(line)}\n`);
    },
    // nothing is drawn over what standard error says
    note: () => undefined,
    close: () => estimates?.save(),
  };
}
