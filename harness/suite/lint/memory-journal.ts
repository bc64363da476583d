import { JOURNAL_VERSION, type JournalEvent, type JournalLine, type JournalWriter } from '../../journal/event.ts';

export interface MemoryJournal extends JournalWriter {
  readonly lines: readonly JournalLine[];
}

/** A journal without a run directory: lint findings hold no secret, and are said again by the next run. */
export function memoryJournal(now: () => Date = () => new Date()): MemoryJournal {
  const lines: JournalLine[] = [];
  return {
    lines,
    write: (event: JournalEvent) => {
      lines.push({ v: JOURNAL_VERSION, seq: lines.length + 1, at: now().toISOString(), ...event });
    },
    mask: () => undefined,
  };
}
