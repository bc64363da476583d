import type { JournalWriter } from '../journal/event.ts';
import { warningProperty } from '../journal/warning.ts';

/** Journals what a cell's machines warn of as properties, one for each message with the machines that it holds for. */
export class WarningLog {
  readonly #journal: JournalWriter;
  readonly #cell: string;
  readonly #hosts = new Map<string, Set<string>>();

  constructor(journal: JournalWriter, cell: string) {
    this.#journal = journal;
    this.#cell = cell;
  }

  add(message: string, host: string): void {
    const hosts = this.#hosts.get(message) ?? new Set();
    if (hosts.has(host)) return;
    this.#hosts.set(message, hosts.add(host));
    const name = warningProperty([...this.#hosts.keys()].indexOf(message));
    // the last line of a name counts: each machine more writes it again
    this.#journal.write({ type: 'property', cell: this.#cell, name, value: `${[...hosts].sort().join(', ')}: ${message}` });
  }
}
