import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { releaseSourceOf, resumeRun } from '../../../harness/cell/resume.ts';
import { openJournal } from '../../../harness/journal/write.ts';
import { loadMatrix } from '../../../harness/matrix/load.ts';
import { temporaryJournal } from '../journal/sample.ts';

test.each([['empty', ''], ['garbage', 'no journal\n']])('a journal that is %s cannot be resumed, and stays as it is', async (_, content) => {
  const file = temporaryJournal();
  writeFileSync(file, content);
  const matrix = await loadMatrix();
  expect(() => resumeRun(path.dirname(file), matrix)).toThrow(expect.objectContaining({ code: 'RESUME_NOTHING_PLANNED', fault: 'usage' }) as Error);
});

test('a resumed run takes releases from where the run took them', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'proofgrid-resume-'));
  const journal = openJournal(path.join(directory, 'journal.jsonl'));
  journal.write({ type: 'run-started', run: 'r', version: '1', argv: [], provider: 'container', source: 'upstream', cells: [] });
  journal.close();
  expect(releaseSourceOf(directory)).toBe('upstream');
});
