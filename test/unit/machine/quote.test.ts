import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { shellJoin, shellQuote } from '../../../harness/machine/quote.ts';

const AWKWARD = ['', ' ', "it's", '"', '$HOME', '`id`', '\\', 'a\nb', '*', '~', '-n', 'ü→', "''", '!', ';', '#', '\t'];

test('a real shell gives every word back as it was', () => {
  const output = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${shellJoin(AWKWARD)}`], { encoding: 'utf8' });
  expect(output.split('\0').slice(0, -1)).toEqual(AWKWARD);
});

test('a NUL is refused, as no process could receive it', () => {
  expect(() => shellQuote('a\0b')).toThrow('COMMAND_WORD_INVALID');
});
