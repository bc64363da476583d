import { endOf } from '../journal/run-journal.ts';
import { exitCodeOf } from '../journal/verdict.ts';
import type { OpenJournal } from '../journal/write.ts';
import type { ConsoleReporter } from '../report/console.ts';
import { writeReports } from '../report/write.ts';

interface OpenRun {
  readonly journal: OpenJournal;
  readonly report: ConsoleReporter;
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly work: () => Promise<void>;
}

/** Says at once, where the live view is, that an interruption was heard. */
export function acknowledge(asked: AbortSignal, report: ConsoleReporter, ending: string): void {
  const say = () => report.note(`interrupted: ${ending}; once more to leave at once`);
  if (asked.aborted) say();
  else asked.addEventListener('abort', say, { once: true });
}

/**
 * Does the work of a run, then writes its reports, whatever has happened. Resolves with the exit code, which is the
 * journal's; rejects with the one error that ended the run, unless machines remain, of which somebody must hear first.
 */
export async function closeRun({ journal, report, directory, signal, work }: OpenRun): Promise<number> {
  const problems: unknown[] = [];
  await work().catch((error: unknown) => problems.push(error));
  journal.close();
  let exitCode: number | undefined;
  try {
    exitCode = writeReports(directory).record.exitCode;
  } catch (error) {
    problems.push(error);
  }
  report.close();
  if (exitCode === exitCodeOf('leaked')) return exitCode;
  const [first] = [endOf(signal), ...problems].filter((problem) => problem !== undefined);
  if (first !== undefined || exitCode === undefined) throw first;
  return exitCode;
}
