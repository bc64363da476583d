import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import type { CellRun } from '../../../harness/cell/cell-run.ts';
import { runCell } from '../../../harness/cell/cell.ts';
import { runDirectory } from '../../../harness/cell/run-directory.ts';
import type { JournalEvent } from '../../../harness/journal/event.ts';
import type { Lease } from '../../../harness/provider/contract.ts';

const lease = { id: 'lease', machines: [] } as unknown as Lease;

test('the machines go although the journal cannot be written any more', async () => {
  const release = vi.fn(() => Promise.resolve());
  const full = (event: JournalEvent) => {
    if (event.type !== 'cell-started') throw new Error('no space left on device');
  };
  const run = {
    cell: { slug: 'cell', axes: {}, suites: ['e2e'], machines: [], notes: [] },
    directory: runDirectory(mkdtempSync(path.join(tmpdir(), 'proofgrid-cell-')), 'run'),
    journal: { write: full, mask: () => undefined },
    provider: { name: 'container', release },
    keep: 'never',
    signal: new AbortController().signal,
    resumed: { passed: new Set(['e2e']), lease },
  } as unknown as CellRun;
  await expect(runCell(run)).rejects.toThrow('no space left on device');
  expect(release).toHaveBeenCalledExactlyOnceWith(lease);
});
