import { expect, test } from 'vitest';
import { runCommand } from '../../../harness/command/run.ts';

async function run(...words: string[]): Promise<unknown> {
  let errors = '';
  const command = runCommand().exitOverride().configureOutput({ writeErr: (text) => (errors += text) });
  return command.parseAsync(words, { from: 'user' }).then(
    () => 'no error',
    (error: Error) => `${error.message} ${errors}`,
  );
}

test.each([
  [['--resume', 'r', 'small'], /CELL asks for something else/],
  [['--resume', 'r', '--set', 'os=debian-13'], /--set asks/],
  [['--resume', 'r', '-k', 'dns'], /-k asks/],
  [['--resume', 'r', '--repeat', '2'], /--repeat asks/],
  [['--reporter', 'json', '-v'], /-v is about the console/],
  [['-q', '-v'], /cannot be used with/],
  [['--jobs', '0'], /from 1 to 1000/],
  [['--timeout', 'soon'], /such as 45m/],
  [['--reporter', 'xml'], /Allowed choices are console, json/],
])('%j is refused before anything starts', async (words, message) => {
  expect(await run(...words)).toMatch(message);
});

test('every option of run is in its examples or explains itself', () => {
  let help = '';
  runCommand().configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  const examples = help.slice(help.indexOf('Examples:'));
  for (const option of ['--jobs', '--fail-fast', '--timeout', '--dry-run', '-k', '--repeat', '-q', '-v', '--reporter', '--resume', '--keep', '--source', '--site']) expect(examples).toContain(`${option} `);
});
