import { readFileSync } from 'node:fs';
import { ProofgridError } from '../../lifecycle/error.ts';
import type { JournalLine } from './event.ts';
import { parseLine } from './schema.ts';

export interface JournalContent {
  /** Every line that could be read, in the file's order. */
  readonly lines: JournalLine[];
  /** Something after the last readable line could not be read. */
  readonly torn: boolean;
  /** Line numbers, from 1, that could not be read. */
  readonly unreadable: number[];
  /** False for a file whose last line may be continued by accident. */
  readonly endsWithNewline: boolean;
  /** Bytes. */
  readonly size: number;
}

/** Reads a journal that may have been cut at any byte or hold anything. Throws `JOURNAL_NOT_READABLE` when there is no file to read. */
export function readJournal(file: string): JournalContent {
  try {
    return parseJournal(readFileSync(file));
  } catch (cause) {
    throw new ProofgridError({
      code: 'JOURNAL_NOT_READABLE',
      fault: 'usage',
      what: `cannot read the journal ${file}`,
      remedy: 'name the directory of a run, the one with journal.jsonl in it',
      cause,
    });
  }
}

export function parseJournal(bytes: Buffer): JournalContent {
  const lines: JournalLine[] = [];
  const unreadable: number[] = [];
  let torn = false;
  let number = 0;
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline === -1 ? bytes.length : newline;
    number += 1;
    // An empty line is what closes off a torn one that a crash had ended at its newline.
    const line = end === start ? undefined : parseLine(bytes.toString('utf8', start, end));
    if (line !== undefined) {
      lines.push(line);
      torn = false;
    } else if (end !== start) {
      unreadable.push(number);
      torn = true;
    }
    start = end + 1;
  }
  return { lines, torn, unreadable, endsWithNewline: bytes.length === 0 || bytes.at(-1) === 0x0a, size: bytes.length };
}
