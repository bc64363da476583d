import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { recordedImage } from '../../../harness/existing/ready-context.ts';
import { openJournal } from '../../../harness/journal/write.ts';

test('a kept cell is checked with the image that its run gave it, and an older run does not say which', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'proofgrid-recorded-'));
  try {
    const journal = openJournal(path.join(directory, 'journal.jsonl'));
    const say = (cell: string, name: string, value: string) => journal.write({ type: 'property', cell, name, value });
    say('older', 'agnhost.sha256', 'a'.repeat(64));
    say('small', 'agnhost.image', 'localhost/proofgrid/agnhost:2.66.1');
    say('small', 'agnhost.sha256', 'b'.repeat(64));
    journal.close();
    expect(recordedImage(directory, 'small')).toMatchObject({
      name: 'agnhost',
      reference: 'localhost/proofgrid/agnhost:2.66.1',
      file: 'agnhost.tar',
      sha256: 'b'.repeat(64),
    });
    expect(recordedImage(directory, 'older')).toBeUndefined();
    expect(recordedImage(undefined, 'small')).toBeUndefined();
  } finally {
    await rm(directory, { recursive: true });
  }
});
