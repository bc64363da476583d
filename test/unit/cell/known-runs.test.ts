import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { knownRuns } from '../../../harness/cell/known-runs.ts';
import { temporaryDirectory } from '../journal/sample.ts';

function runIn(root: string): string {
  const directory = path.join(root, 'a run');
  mkdirSync(directory);
  writeFileSync(path.join(directory, 'journal.jsonl'), '');
  return directory;
}

test('a run is found by its name while its directory is there', () => {
  const root = temporaryDirectory();
  const directory = runIn(root);
  const runs = knownRuns(path.join(root, 'runs'));
  runs.remember('r1', directory);
  expect(runs.directoryOf('r1')).toBe(directory);
  expect(runs.directoryOf('r2')).toBeUndefined();
  rmSync(directory, { recursive: true });
  expect(runs.directoryOf('r1')).toBeUndefined();
});

test('a name that is no file name is neither written nor read', () => {
  const root = temporaryDirectory();
  const runs = knownRuns(path.join(root, 'runs'));
  runs.remember('../escaped', runIn(root));
  expect(existsSync(path.join(root, 'escaped'))).toBe(false);
  expect(runs.directoryOf('../a run/journal.jsonl')).toBeUndefined();
});

test('old runs are forgotten, and a folder that cannot be written is no error', () => {
  const root = temporaryDirectory();
  const folder = path.join(root, 'runs');
  const runs = knownRuns(folder);
  const directory = runIn(root);
  runs.remember('old', directory);
  utimesSync(path.join(folder, 'old'), 0, 0);
  runs.remember('new', directory);
  expect(readdirSync(folder)).toEqual(['new']);
  writeFileSync(path.join(root, 'file'), '');
  expect(() => knownRuns(path.join(root, 'file', 'runs')).remember('r', directory)).not.toThrow();
});
