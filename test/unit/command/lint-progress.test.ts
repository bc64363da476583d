import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { lintProgress } from '../../../harness/command/lint-progress.ts';
import type { JournalEvent } from '../../../harness/journal/event.ts';

const id = (phase: string) => ({ cell: 'lint', suite: 'lint', phase });
const EVENTS: readonly JournalEvent[] = [
  { type: 'phase-started', ...id('yamllint'), cases: ['a.yml', 'b.yml'] },
  { type: 'phase-started', ...id('shellcheck'), cases: ['a.sh'] },
  { type: 'case-finished', ...id('yamllint'), name: 'a.yml', classname: 'yamllint', verdict: 'failed', durationMs: 0 },
  { type: 'case-finished', ...id('yamllint'), name: 'b.yml', classname: 'yamllint', verdict: 'passed', durationMs: 0 },
  { type: 'phase-finished', ...id('yamllint'), verdict: 'failed', durationMs: 1200 },
];

function written(isTTY: boolean, events: readonly JournalEvent[] = EVENTS): string {
  let text = '';
  let now = 0;
  const progress = lintProgress({ stream: { write: (part) => (text += part), columns: 60 }, isTTY, tools: 2, now: () => (now += 500) });
  for (const event of events) progress.follow(event);
  progress.close();
  return text;
}

test('each tool that ends says what it did, and in a log nothing else', () => {
  expect(written(false)).toBe('yamllint: 2 files, 1 finding, 1.2 s\n');
});

test('on a terminal the tools that run stand in one line, which is away before anything else is printed', () => {
  const text = written(true);
  expect(text).toContain('0 of 2 tools · yamllint 1.5 s · shellcheck 1.0 s');
  expect(text).toMatch(/yamllint: 2 files, 1 finding, 1\.2 s\n$/);
  expect(text.slice(0, text.lastIndexOf('yamllint:')).endsWith('\u001b[1A\u001b[J')).toBe(true);
});

test('the line is never wider than the terminal', () => {
  const many = Array.from({ length: 20 }, (_, index): JournalEvent => ({ type: 'phase-started', ...id(`tool-${index}`), cases: [] }));
  for (const line of stripVTControlCharacters(written(true, many)).split('\n')) expect(line.length).toBeLessThan(60);
});
