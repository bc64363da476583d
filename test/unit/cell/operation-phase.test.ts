import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { deployPhase } from '../../../harness/cell/operation-phase.ts';
import type { JournalEvent } from '../../../harness/journal/event.ts';
import { runOperation } from '../../../lifecycle/run-operation.ts';
import type { RunRequest, RunResult } from '../../../lifecycle/run.ts';

vi.mock('../../../lifecycle/run-operation.ts', () => ({ runOperation: vi.fn() }));

const FAILED: RunResult = { outcome: 'failed', durationMs: 5, changed: 0, failure: { step: 'etcd', task: 'start it', host: 'm1', message: 'no' } };

/** The events of the cases of a deploy that failed. */
async function failedDeploy({ logged }: { readonly logged: boolean }) {
  const runRoot = mkdtempSync(path.join(tmpdir(), 'proofgrid-phase-'));
  onTestFinished(() => rmSync(runRoot, { recursive: true }));
  const logDirectory = path.join(runRoot, 'cells/c/ansible/deploy-1');
  mkdirSync(logDirectory, { recursive: true });
  if (logged) writeFileSync(path.join(logDirectory, 'ansible.log'), '');
  vi.mocked(runOperation).mockResolvedValue(FAILED);
  const events: JournalEvent[] = [];
  const journal = { write: (event: JournalEvent) => void events.push(event), mask: () => undefined };
  await deployPhase({ journal, cell: 'c', runRoot, request: { logDirectory } as unknown as RunRequest });
  return events.filter((event) => event.type === 'case-finished');
}

test('a failed deploy names the log file, and no directory, as its evidence', async () => {
  const [failed, ...others] = await failedDeploy({ logged: true });
  expect(failed).toMatchObject({ name: 'etcd', verdict: 'failed', evidence: 'cells/c/ansible/deploy-1/ansible.log' });
  expect(new Set(others.map(({ verdict }) => verdict))).toEqual(new Set(['skipped']));
});

test('a deploy that never came to its log names none', async () => {
  const [failed] = await failedDeploy({ logged: false });
  expect(failed).toMatchObject({ name: 'etcd', verdict: 'failed' });
  expect(failed).not.toHaveProperty('evidence');
});
