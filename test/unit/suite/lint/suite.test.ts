import { expect, test } from 'vitest';
import type { JournalEvent } from '../../../../harness/journal/event.ts';
import { replay } from '../../../../harness/journal/replay.ts';
import { memoryJournal } from '../../../../harness/suite/lint/memory-journal.ts';
import { casesOf, describeFinding, runLintSuite } from '../../../../harness/suite/lint/suite.ts';
import type { LintFinding, LintTool } from '../../../../harness/suite/lint/tool.ts';
import { packageRoot } from '../../../../lifecycle/root.ts';

const finding = (file: string, line: number, rule = 'rule'): LintFinding => ({ tool: 'fake', rule, message: 'is wrong', file, line, column: 3 });
const fake = (name: string, files: string[], run: () => Promise<LintFinding[]>): LintTool => ({ name, select: () => files, run });
const cases = (events: readonly JournalEvent[]) => events.filter((event) => event.type === 'case-finished');

async function suite(...tools: LintTool[]) {
  const journal = memoryJournal();
  journal.write({ type: 'run-started', run: 'r', version: '1', argv: [], provider: 'none', cells: [{ cell: 'c', axes: {}, suites: ['lint'] }] });
  journal.write({ type: 'cell-started', cell: 'c' });
  const verdict = await runLintSuite(journal, 'c', new AbortController().signal, { root: packageRoot, tools });
  journal.write({ type: 'cell-finished', cell: 'c', verdict, durationMs: 1 });
  journal.write({ type: 'run-finished', verdict, exitCode: 0, durationMs: 1 });
  return { verdict, events: journal.lines, record: replay(journal.lines) };
}

test('one case per file: clean ones pass, each finding fails with its place', async () => {
  const { verdict, events, record } = await suite(fake('fake', ['a.yml', 'b.yml'], async () => [finding('b.yml', 9), finding('b.yml', 2)]));
  expect(verdict).toBe('failed');
  expect(cases(events).map(({ name, verdict: each, location }) => [name, each, location])).toEqual([
    ['a.yml', 'passed', undefined],
    ['b.yml', 'failed', 'b.yml:2'],
    ['b.yml (2: rule)', 'failed', 'b.yml:9'],
  ]);
  expect(record.verdict).toBe('failed');
  expect(record.cells[0]?.phases).toMatchObject([{ suite: 'lint', phase: 'fake', verdict: 'failed' }]);
});

test('all clean passes', async () => {
  const { verdict, record } = await suite(fake('one', ['a'], async () => []), fake('two', ['a'], async () => []));
  expect([verdict, record.verdict]).toEqual(['passed', 'passed']);
  expect(record.cells[0]?.phases.map(({ phase }) => phase)).toEqual(['one', 'two']);
});

test('a tool that crashed is errored, whatever the others say', async () => {
  const { verdict, events, record } = await suite(fake('good', ['a'], async () => []), fake('bad', ['a', 'b'], () => Promise.reject(new Error('boom'))));
  expect([verdict, record.verdict]).toEqual(['errored', 'errored']);
  expect(cases(events).filter(({ phase }) => phase === 'bad').map(({ name, verdict: each, message }) => [name, each, message])).toEqual([
    ['bad', 'errored', 'boom'],
    ['a', 'skipped', 'bad did not do its work'],
    ['b', 'skipped', 'bad did not do its work'],
  ]);
});

test('a tool that has looked at no file is errored', async () => {
  const { verdict } = await suite(fake('idle', [], async () => []));
  expect(verdict).toBe('errored');
});

test('a finding in a file that was not selected is not lost', () => {
  const result = casesOf({ tool: 'fake', files: ['a'], durationMs: 5, findings: [finding('elsewhere', 1)] });
  expect(result.map(({ name, verdict, durationMs }) => [name, verdict, durationMs])).toEqual([['a', 'passed', 5], ['elsewhere', 'failed', 0]]);
});

test('what was aborted is aborted and not errored', () => {
  expect(casesOf({ tool: 'fake', files: [], durationMs: 5, error: new Error('x') }, true)).toMatchObject([{ verdict: 'aborted' }]);
});

test('a finding is told in one line', () => {
  expect(describeFinding({ ...finding('a', 1), message: 'two\nlines ' })).toBe('a:1:3: two lines [fake rule]');
});
