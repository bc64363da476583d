import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { resumeRun } from '../../../harness/cell/resume.ts';
import { loadMatrix } from '../../../harness/matrix/load.ts';
import { temporaryJournal } from '../journal/sample.ts';

test.each([['empty', ''], ['garbage', 'no journal\n']])('a journal that is %s cannot be resumed, and stays as it is', async (_, content) => {
  const file = temporaryJournal();
  writeFileSync(file, content);
  const matrix = await loadMatrix();
  expect(() => resumeRun(path.dirname(file), matrix)).toThrow(expect.objectContaining({ code: 'RESUME_NOTHING_PLANNED', fault: 'usage' }) as Error);
});
