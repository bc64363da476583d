import { Command, Option } from 'commander';
import { expect, test } from 'vitest';
import { refuseCarelessOptions } from '../../../lifecycle/strict-options.ts';

function parsed(...words: string[]): Record<string, unknown> {
  const command = new Command('run')
    .addOption(new Option('--tier <TIER>').choices(['smoke', 'nightly']))
    .option('--run-dir <DIR>')
    .option('--provider <NAME>', 'where from', 'container')
    .option('--set <AXIS=VALUE>', 'repeatable', (value: string, all: string[]) => [...all, value], [])
    .option('--tool <NAME...>')
    .option('--check')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  refuseCarelessOptions(command);
  return command.parse(words, { from: 'user' }).opts();
}

test('what is given once keeps its value', () => {
  expect(parsed('--tier', 'smoke', '--run-dir', 'x', '--set', 'a=b', '--set', 'c=d', '--tool', 'p', 'q', '--check')).toEqual({
    tier: 'smoke', runDir: 'x', provider: 'container', set: ['a=b', 'c=d'], tool: ['p', 'q'], check: true,
  });
  expect(() => parsed('--tier', 'none')).toThrow(/Allowed choices are smoke, nightly/);
});

test.each([
  [['--tier', 'smoke', '--tier', 'nightly'], '--tier is given twice: smoke and nightly; give it once [OPTION_REPEATED]'],
  [['--provider', 'container', '--provider', 'kubevirt'], '--provider is given twice: container and kubevirt; give it once [OPTION_REPEATED]'],
  [['--run-dir', ''], '--run-dir has an empty value; give it a value, or leave it out [OPTION_EMPTY]'],
  [['--set', ''], '--set has an empty value; give it a value, or leave it out [OPTION_EMPTY]'],
  [['--run-dir='], '--run-dir has an empty value; give it a value, or leave it out [OPTION_EMPTY]'],
])('%j is refused', (words, message) => {
  expect(() => parsed(...words)).toThrow(expect.objectContaining({ message, fault: 'usage' }) as Error);
});
