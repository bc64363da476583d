import { expect, test } from 'vitest';
import type { RunResult } from '../../../../../lifecycle/run.ts';
import type { ClusterContext } from '../../../../../harness/suite/check.ts';
import { deployChangesNothing } from '../../../../../harness/suite/e2e/check/deploy-changes-nothing.ts';
import { runCheck } from '../../../../../harness/suite/e2e/run-check.ts';

const log = 'cells/small/ansible/deploy-2/ansible.log';

function checked(result: Partial<RunResult>) {
  const operate = async (): Promise<RunResult> => ({ outcome: 'passed', durationMs: 1, changed: 0, log, ...result });
  return runCheck(deployChangesNothing, { signal: new AbortController().signal, operate } as unknown as ClusterContext);
}

test('a deploy that changes nothing passes, and needs no log', async () => {
  expect(await checked({})).toEqual({ verdict: 'passed', expected: 'deploy passed, 0 changes', observed: 'deploy passed, 0 changes' });
});

test('what changed is named, and the log linked', async () => {
  const result = await checked({ changed: 23, changes: ['etcd: Place files on node-1', 'node: Start services on node-2'] });
  expect(result).toMatchObject({ verdict: 'failed', evidence: log });
  expect(result.observed).toBe('deploy passed, 23 changes\netcd: Place files on node-1\nnode: Start services on node-2\nand 21 more');
  for (const { observed } of deployChangesNothing.sabotages) expect(result.observed).toMatch(observed);
});

test('a deploy that fails says where', async () => {
  const failure = { step: 'etcd', task: 'Start', host: 'node-1', message: 'no' };
  expect(await checked({ outcome: 'failed', failure })).toMatchObject({ verdict: 'failed', evidence: log, observed: 'deploy failed, 0 changes: etcd, task "Start" on node-1: no' });
});
