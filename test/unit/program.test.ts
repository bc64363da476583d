import { expect, test, vi } from 'vitest';
import { createProgram } from '../../harness/program.ts';

const names = async (...words: string[]) => (await createProgram(words)).commands.map((command) => command.name());

test('a command is loaded alone; help, a slip of the hand and completion know them all; the version needs none', async () => {
  expect(await names('ps')).toEqual(['ps']);
  expect(await names('--version')).toEqual([]);
  const all = await names();
  expect(all).toContain('logs');
  for (const word of ['--help', 'rum', 'completion', 'toString']) expect(await names(word)).toEqual(all);
});

test('with a configuration file all are there to judge it', async () => {
  vi.stubEnv('PROOFGRID_CONFIG', '/some/file.yaml');
  expect((await names('ps')).length).toBeGreaterThan(10);
  vi.unstubAllEnvs();
});
