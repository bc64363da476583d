import { Command } from 'commander';
import { expect, test } from 'vitest';
import { wantedCommands } from '../../../lifecycle/command-line.ts';

const commands = { plan: async () => new Command('plan'), run: async () => new Command('run') };
const loaded = async (...words: string[]) => (await Promise.all(wantedCommands(commands, words).map((load) => load()))).map((command) => command.name());

test.each([
  [['plan', '--tier', 'smoke'], ['plan']],
  [['run', 'plan'], ['run']],
  [['--version'], []],
  [['-V'], []],
  [[], ['plan', 'run']],
  [['--help'], ['plan', 'run']],
  [['help', 'plan'], ['plan', 'run']],
  [['pln'], ['plan', 'run']],
  [['constructor'], ['plan', 'run']],
])('%j loads %j', async (words, expected) => {
  expect(await loaded(...words)).toEqual(expected);
});
