import type { V1Pod } from '@kubernetes/client-node';
import { expect, test } from 'vitest';
import { cpuComplaints, endedParts, memoryComplaints } from '../../../../harness/suite/e2e/enforced-limits.ts';

test.each([
  ['OOMKilled', 137, []],
  // the kernel's word comes later than the end
  ['Error', 137, []],
  ['Completed', 0, ['a container with a limit of 32 MiB has used 96 (Completed, exit code 0)']],
  ['Error', 1, ['a container with a limit of 32 MiB has used 96 (Error, exit code 1)']],
])('%s with exit code %i', (reason, exitCode, complaints) => {
  expect(memoryComplaints({ reason, exitCode })).toEqual(complaints);
});

test.each([
  ['0m0.00s 0m0.00s\n0m0.18s 0m0.03s\n', []],
  ['0m0.000s 0m0.001s\n0m1.512s 0m0.201s', ['a container with a limit of 0.1 CPU has used 1.7 s of it in 2 s']],
  ['', ['a container does not tell its CPU time: nothing']],
  ['sh: times: not found', ['a container does not tell its CPU time: sh: times: not found']],
])('%j', (message, complaints) => {
  expect(cpuComplaints({ message })).toEqual(complaints);
});

test('both containers must have ended', () => {
  const pod = (...names: string[]) => ({ status: { containerStatuses: names.map((name) => ({ name, state: { terminated: { exitCode: 137 } } })) } }) as unknown as V1Pod;
  expect(endedParts(pod('memory'))).toBeUndefined();
  expect(endedParts(pod('memory', 'cpu'))).toEqual({ memory: { exitCode: 137 }, cpu: { exitCode: 137 } });
});
