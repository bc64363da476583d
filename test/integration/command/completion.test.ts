import { execa } from 'execa';
import { expect, test } from 'vitest';
import { completionScript } from '../../../harness/command/completion-script.ts';
import { createProgram } from '../../../harness/program.ts';

const script = completionScript('bash', await createProgram(), ['all-in-one', 'small']);

/** What bash offers after these words, the last one unfinished. */
async function offered(...words: string[]): Promise<string[]> {
  const program = `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _proofgrid; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await execa('bash', ['--norc', '-uc', program, 'bash', 'proofgrid', ...words]);
  return stdout.split('\n').filter((line) => line !== '');
}

test.each([
  [['re'], ['report', 'reap']],
  [['run', '--k'], ['--keep']],
  [['run', '--keep', ''], ['never', 'failed', 'always']],
  [['run', 'sm'], ['small']],
  [['run', '--run-dir', ''], []],
  [['reap', '--l'], ['--lease']],
  [['completion', 'f'], ['fish']],
  [['logs', ''], []],
])('bash after %j offers %j', async (words, expected) => {
  expect(await offered(...words)).toEqual(expected);
});
