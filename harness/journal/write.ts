import { closeSync, fdatasyncSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { ProofgridError } from '../../lifecycle/error.ts';
import { JOURNAL_VERSION, type JournalEvent, type JournalLine, type JournalWriter } from './event.ts';
import { lockJournal } from './lock.ts';
import { SecretMask } from './mask.ts';
import { readJournal } from './read.ts';
import { reserveRoom } from './reserve.ts';
import { bounded, withoutControls } from './text.ts';

/** Bytes of UTF-8 that a string of an event may have; what is not named has the limit of `message`. */
const LIMITS: Readonly<Record<string, number>> = { message: 4096, expected: 16_384, observed: 16_384 };

export type LineListener = (line: JournalLine) => void;

export interface OpenJournal extends JournalWriter {
  /** Hears every line after it has reached the file, masked as it was written. Returns how to stop listening. */
  onLine(listener: LineListener): () => void;
  close(): void;
}

export interface JournalOptions {
  readonly now?: () => Date;
  /** Told once, when a line did not fit at first: it, and what little follows, may still have been written. */
  readonly onFull?: (error: ProofgridError) => void;
}

/**
 * Opens a journal for appending. One that exists is continued: its numbers go on, and a last line that an earlier
 * crash tore is closed off. Some room beside it is kept, so that a run on a full disk can still write how it ends.
 * Throws `JOURNAL_LOCKED` while another process writes it.
 */
export function openJournal(file: string, { now = () => new Date(), onFull }: JournalOptions = {}): OpenJournal {
  mkdirSync(path.dirname(file), { recursive: true });
  const unlock = lockJournal(file);
  const { descriptor, releaseRoom } = openFiles(file, unlock);
  const before = readJournal(file);
  const secrets = new SecretMask();
  const listeners = new Set<LineListener>();
  let sequence = before.lines.at(-1)?.seq ?? 0;
  let size = before.size;
  let open = true;

  let full = false;

  const appended = (bytes: Buffer): ProofgridError | undefined => {
    const { written, cause } = tryWrite(descriptor, bytes);
    if (written === bytes.length) {
      size += written;
      return undefined;
    }
    ftruncateSync(descriptor, size);
    return incomplete(file, cause);
  };
  const append = (text: string) => {
    const bytes = Buffer.from(text, 'utf8');
    const error = appended(bytes);
    if (error === undefined) return;
    releaseRoom();
    const again = appended(bytes);
    if (!full) onFull?.(error);
    full = true;
    if (again !== undefined) throw again;
  };
  if (!before.endsWithNewline) append('\n');

  return {
    write(event) {
      if (!open) throw new Error(`journal ${file} is closed`);
      const clean = cleaned(event, secrets) as JournalEvent;
      const line: JournalLine = { v: JOURNAL_VERSION, seq: sequence + 1, at: now().toISOString(), ...clean };
      append(`${JSON.stringify(line)}\n`);
      sequence += 1;
      if (mustReachTheDisk(event)) sync(descriptor, file);
      for (const listener of listeners) tell(listener, line, listeners);
    },
    mask(secret) {
      secrets.add(secret);
    },
    onLine(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      if (!open) return;
      open = false;
      closeSync(descriptor);
      releaseRoom();
      unlock();
    },
  };
}

/** Whatever cannot be had gives back what was taken before it. */
function openFiles(file: string, unlock: () => void): { descriptor: number; releaseRoom: () => void } {
  let releaseRoom: () => void = () => undefined;
  try {
    releaseRoom = reserveRoom(file);
    return { descriptor: openSync(file, 'a', 0o644), releaseRoom };
  } catch (cause) {
    releaseRoom();
    unlock();
    throw incomplete(file, cause);
  }
}

/** A file system may give out room that it does not have, and says so only here. */
function sync(descriptor: number, file: string): void {
  try {
    fdatasyncSync(descriptor);
  } catch (cause) {
    throw incomplete(file, cause);
  }
}

/** Passed cases can be lost in a power cut, for they would only be run again; a bad verdict or an end cannot. */
function mustReachTheDisk(event: JournalEvent): boolean {
  if (event.type === 'case-finished') return event.verdict !== 'passed' && event.verdict !== 'skipped';
  return event.type === 'phase-finished' || event.type === 'cell-finished' || event.type === 'run-finished';
}

/** Controls go first, since they could hide a secret; the bound comes last, since it could leave half of one. */
function cleaned(value: unknown, secrets: SecretMask, limit = LIMITS['message'] ?? 0): unknown {
  if (typeof value === 'string') return bounded(secrets.apply(withoutControls(value)), limit);
  // A clock that was set back, or a division by nothing, must not cost a line.
  if (typeof value === 'number') return Number.isFinite(value) ? Math.max(0, value) : 0;
  if (Array.isArray(value)) return value.map((each) => cleaned(each, secrets, limit));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [cleaned(key, secrets), cleaned(each, secrets, LIMITS[key])]),
  );
}

/** A report that breaks must not break the run it reports on. */
function tell(listener: LineListener, line: JournalLine, listeners: Set<LineListener>): void {
  try {
    listener(line);
  } catch (error) {
    listeners.delete(listener);
    process.emitWarning(`a journal listener failed and was removed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A full disk shows as a short write first, and as an error from then on. */
function tryWrite(descriptor: number, bytes: Buffer): { written: number; cause?: unknown } {
  try {
    return { written: writeSync(descriptor, bytes) };
  } catch (cause) {
    return { written: 0, cause };
  }
}

function incomplete(file: string, cause: unknown): ProofgridError {
  return new ProofgridError({
    code: 'JOURNAL_WRITE_INCOMPLETE',
    fault: 'infrastructure',
    what: `the journal ${file} could not be written in full${cause instanceof Error ? `: ${cause.message}` : ''}`,
    remedy: 'make room on the disk, and go on with --resume',
    cause,
  });
}
