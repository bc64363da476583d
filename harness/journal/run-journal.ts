import { ProofgridError } from '../../lifecycle/error.ts';
import type { JournalEvent } from './event.ts';
import { openJournal, type OpenJournal } from './write.ts';

export interface RunJournal {
  /** Never throws from `write`: whoever writes may be removing machines. */
  readonly journal: OpenJournal;
  /** Aborted by the given one, or when the journal cannot be written; then its reason is the error. */
  readonly signal: AbortSignal;
}

/**
 * The journal of a run that ends, orderly, when its disk is full. What it still writes from then on is `errored` where it
 * would be `aborted`: nobody has asked it to stop.
 */
export function openRunJournal(file: string, asked: AbortSignal): RunJournal {
  const stop = new AbortController();
  const end = (error: unknown) => stop.abort(error);
  const journal = openJournal(file, { onFull: end });
  const write = (event: JournalEvent) => {
    try {
      journal.write(stop.signal.aborted && 'verdict' in event && event.verdict === 'aborted' ? { ...event, verdict: 'errored' } : event);
    } catch (error) {
      end(error);
    }
  };
  return { journal: { ...journal, write }, signal: AbortSignal.any([asked, stop.signal]) };
}

/** Why a run cannot go on; undefined while it can, and when somebody has asked it to stop. */
export function endOf(signal: AbortSignal): ProofgridError | undefined {
  return signal.aborted && signal.reason instanceof ProofgridError ? signal.reason : undefined;
}
