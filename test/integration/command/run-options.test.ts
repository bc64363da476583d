import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, expect, test } from 'vitest';
import { packageRoot } from '../../../lifecycle/root.ts';
import { junitShape } from '../../unit/report/junit-shape.ts';

const root = mkdtempSync(path.join(tmpdir(), 'proofgrid-options-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The built command line; the suite lint needs no machine. */
function proofgrid(words: readonly string[], env: Record<string, string> = {}) {
  return execa(path.join(packageRoot, 'bin', 'proofgrid.js'), words, { reject: false, cwd: root, env: { PROOFGRID_CACHE: path.join(root, 'cache'), ...env } });
}

test('--dry-run says which cells would run, and makes nothing', async () => {
  const { stdout, exitCode } = await proofgrid(['run', '--tier', 'smoke', '--dry-run', '--jobs', '1']);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/\n\d+ cells?, at most 1 at once: (about .*, )?nothing was started$/);
  expect(existsSync(path.join(root, 'proofgrid-runs'))).toBe(false);
});

test('a pattern without a match, and one without checks to match, start nothing', async () => {
  for (const words of [['-k', 'no-such-check'], ['-k', 'dns', '--suite', 'lint']]) {
    const { stderr, exitCode } = await proofgrid(['run', 'all-in-one', '--run-dir', 'refused', ...words]);
    expect(stderr).toContain('[RUN_CHECKS_UNMATCHED]');
    expect(exitCode).toBe(2);
    expect(existsSync(path.join(root, 'refused'))).toBe(false);
  }
});

test('a run that meets its limit ends with 4, says so, and has valid reports; JSON is the journal', async () => {
  const { stdout, exitCode } = await proofgrid(['run', 'all-in-one', '--suite', 'lint', '--timeout', '1s', '--run-dir', 'limited', '--reporter', 'json']);
  expect(exitCode).toBe(4);
  const journal = readFileSync(path.join(root, 'limited', 'journal.jsonl'), 'utf8');
  expect(`${stdout}\n`).toBe(journal);
  expect(journal).toContain('the limit of the run, 1.0 s, is over');
  junitShape(readFileSync(path.join(root, 'limited', 'junit.xml'), 'utf8'));
  const again = await proofgrid(['report', 'limited']);
  expect({ exitCode: again.exitCode, aborted: again.stdout.startsWith('aborted') }).toEqual({ exitCode: 4, aborted: true });
});

test('repetitions have directories of their own, and end with the first that fails', async () => {
  const { stderr, exitCode } = await proofgrid(['run', 'all-in-one', '--suite', 'lint', '--timeout', '1s', '--run-dir', 'repeated', '--repeat', '3', '--fail-fast', '-q']);
  expect(exitCode).toBe(4);
  expect(stderr).toContain('0 of 1 passed, 2 not run');
  expect(['1', '2'].map((name) => existsSync(path.join(root, 'repeated', name)))).toEqual([true, false]);
});

test('defaults of a file are used, told, and part of the command that the report has', async () => {
  writeFileSync(path.join(root, 'proofgrid.yaml'), 'run:\n  suite: lint\n  timeout: 1s\n');
  const { stderr, exitCode } = await proofgrid(['run', 'all-in-one', '--run-dir', 'configured', '-q']);
  expect(exitCode).toBe(4);
  expect(stderr).toContain('proofgrid: proofgrid.yaml adds --suite lint --timeout 1s');
  expect(readFileSync(path.join(root, 'configured', 'report.html'), 'utf8')).toContain('proofgrid run all-in-one --run-dir configured -q --suite lint --timeout 1s');
});
