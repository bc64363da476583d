import { ProofgridError } from '../../lifecycle/error.ts';

/** Characters that no shell gives a meaning to inside a word. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/**
 * One word for a POSIX shell, whatever it contains: single quotes keep every character but the single quote itself. Plain
 * words stay bare, also because Ansible strips the quotes of a value that begins and ends with one.
 * @throws ProofgridError COMMAND_WORD_INVALID for a NUL, which no process argument can carry
 */
export function shellQuote(word: string): string {
  if (word.includes('\0')) {
    throw new ProofgridError({
      code: 'COMMAND_WORD_INVALID',
      fault: 'usage',
      what: 'a word of a command contains a NUL character',
      remedy: 'pass such data on standard input',
    });
  }
  if (PLAIN.test(word)) return word;
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

export function shellJoin(words: readonly string[]): string {
  return words.map(shellQuote).join(' ');
}
