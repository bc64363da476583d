import type { Command } from 'commander';

/** Everything that a command prints for these words. Rejects with what it throws. */
export async function outputOf(command: Command, words: readonly string[]): Promise<string> {
  let output = '';
  command.exitOverride().configureOutput({
    writeOut: (text) => {
      output += text;
    },
    writeErr: (text) => {
      output += text;
    },
  });
  await command.parseAsync([...words], { from: 'user' });
  return output;
}
