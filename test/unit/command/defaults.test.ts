import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { applyDefaults, configuredWords } from '../../../harness/command/defaults.ts';
import { createProgram } from '../../../harness/program.ts';
import { temporaryDirectory } from '../journal/sample.ts';

/** The options that a command ends up with, and what was said and recorded of the file. */
async function optionsOf(content: string, ...words: string[]) {
  const file = path.join(temporaryDirectory(), 'proofgrid.yaml');
  writeFileSync(file, content);
  const program = await createProgram();
  const said: string[] = [];
  let found: Record<string, unknown> = {};
  let recorded: string[] = [];
  const whole = new Command('proofgrid').exitOverride().hook('preAction', (all, command) => applyDefaults(all, command, (message) => said.push(message), { PROOFGRID_CONFIG: file }));
  for (const command of program.commands) {
    whole.addCommand(command.exitOverride().configureOutput({ writeErr: () => undefined }).action(() => {
      found = command.opts();
      recorded = configuredWords(command);
    }));
  }
  await whole.parseAsync(words, { from: 'user' });
  return { found, recorded, said };
}

const FILE = `run:
  provider: kubevirt
  site: sites/lab.yaml
  keep: failed
  jobs: 2
  timeout: 1h30m
  fail-fast: true
  quiet: true
  set: [os=debian-13, kubernetes=1.36]
reap:
  provider: kubevirt
`;

test('the file says what the command line does not, and it is told and recorded', async () => {
  const { found, recorded, said } = await optionsOf(FILE, 'run', 'small', '--keep', 'always', '-v');
  expect(found).toMatchObject({ provider: 'kubevirt', site: 'sites/lab.yaml', keep: 'always', jobs: 2, timeout: 5_400_000, failFast: true, quiet: false, verbose: true, set: ['os=debian-13', 'kubernetes=1.36'] });
  const words = '--set os=debian-13 --set kubernetes=1.36 --provider kubevirt --site sites/lab.yaml --jobs 2 --fail-fast --timeout 1h30m';
  expect(recorded.join(' ')).toBe(words);
  expect(said).toEqual([expect.stringMatching(/proofgrid\.yaml adds --set os=debian-13/)]);
});

test('each command has its own section, and one without is left alone', async () => {
  expect((await optionsOf(FILE, 'reap')).found).toMatchObject({ provider: 'kubevirt' });
  expect(await optionsOf(FILE, 'ps')).toMatchObject({ found: { provider: 'container' }, said: [] });
  expect((await optionsOf('# nothing yet\n', 'ps')).said).toEqual([]);
});

test.each([
  ['rum:\n  keep: failed\n', 'proofgrid.yaml:2:3', 'there is no command rum; did you mean run?'],
  ['run:\n  kep: failed\n', 'proofgrid.yaml:2:8', 'run has no option --kep; did you mean keep?'],
  ['run:\n  keep: sometimes\n', 'proofgrid.yaml:2:9', '--keep Allowed choices are never, failed, always.'],
  ['run:\n  fail-fast: maybe\n', 'proofgrid.yaml:2:14', 'true or false'],
  ['run:\n  site: true\n', 'proofgrid.yaml:2:9', '--site takes a value'],
  ['run:\n  jobs: 0\n', 'proofgrid.yaml:2:9', 'from 1 to 1000'],
  ['run:\n  site: [a, b]\n', 'proofgrid.yaml:2:9', 'no list'],
  ['run:\n  resume: r\n', 'proofgrid.yaml:2:11', 'is no default'],
  ['run:\n  keep: failed\n  keep: never\n', 'proofgrid.yaml:3:3', 'stands twice'],
  ['run: [\n', 'proofgrid.yaml:', ''],
])('%j is refused with its place, whatever the command', async (content, place, message) => {
  const error: unknown = await optionsOf(content, 'ps').catch((reason: unknown) => reason);
  expect(error).toMatchObject({ fault: 'usage' });
  expect((error as Error).message).toContain(place);
  expect((error as Error).message).toContain(message);
});

test('a named file that is not there is an error, and none in the working directory is none', async () => {
  const program = await createProgram();
  const [command] = program.commands;
  if (command === undefined) throw new Error('there are commands');
  await expect(applyDefaults(program, command, () => undefined, { PROOFGRID_CONFIG: '/nonexistent/p.yaml' })).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE', fault: 'usage' });
  await expect(applyDefaults(program, command, () => undefined, {})).resolves.toBeUndefined();
});
