import { expect, test } from 'vitest';
import type { Lease } from '../../../../harness/provider/contract.ts';
import type { VirtualMachineSnapshot } from '../../../../harness/provider/kubevirt/objects.ts';
import { restoreOf } from '../../../../harness/provider/kubevirt/restore.ts';
import { shapeProblems } from '../../../../harness/provider/kubevirt/shape.ts';
import { isWhole, reasonsOf, snapshotOf } from '../../../../harness/provider/kubevirt/snapshot.ts';

const machine = (name: string) => ({ name, address: '192.0.2.17', port: 22, user: 'root', identityFile: '/k', knownHostsFile: '/h' });
const lease: Lease = { id: '0123456789ab', cell: 'c', machines: [machine('m1'), machine('m2')], network: '192.0.2.0/24', properties: {} };

test('snapshots and restores are valid by the published shapes, which know a wrong field', () => {
  const snapshot = snapshotOf(lease, 'one', 'm1', 300_000);
  expect(snapshot.spec.failureDeadline).toBe('300s');
  expect([...shapeProblems(snapshot), ...shapeProblems(restoreOf(lease, 'one', 'm1', 'abcd'))]).toEqual([]);
  expect(shapeProblems({ ...snapshot, spec: { ...snapshot.spec, failureDeadlines: '1s' } })).toMatchObject([{ code: 'KUBEVIRT_UNKNOWN_FIELD' }]);
});

test('names of two checkpoints never meet', () => {
  expect(snapshotOf(lease, 'a-b', 'c', 1000).metadata.name).not.toBe(snapshotOf(lease, 'a', 'b-c', 1000).metadata.name);
});

test('a checkpoint is whole when every machine has a snapshot that can be used and is not being removed', () => {
  const taken = (name: string, change: Partial<VirtualMachineSnapshot> = {}): VirtualMachineSnapshot => ({
    ...snapshotOf(lease, 'one', name, 1000),
    status: { phase: 'Succeeded', readyToUse: true },
    ...change,
  });
  expect(isWhole(lease, [taken('m1'), taken('m2')])).toBe(true);
  expect(isWhole(lease, [taken('m1')])).toBe(false);
  expect(isWhole(lease, [taken('m1'), taken('m2', { status: { phase: 'Succeeded', readyToUse: false } })])).toBe(false);
  expect(isWhole(lease, [taken('m1'), taken('m2', { status: { phase: 'Failed', readyToUse: true } })])).toBe(false);
  expect(isWhole(lease, [taken('m1'), taken('m2', { metadata: { name: 'one.m2', deletionTimestamp: '2026-01-01T00:00:00Z' } })])).toBe(false);
});

test('reasons are what is not as it should be', () => {
  const condition = (type: string, status: 'True' | 'False', reason: string) => ({ type, status, reason });
  expect(reasonsOf(undefined, [condition('Ready', 'True', 'Ready')])).toBe('');
  expect(reasonsOf('no space', [condition('Failure', 'True', 'deadline'), condition('Ready', 'False', 'Not ready')])).toBe(' (no space; Failure: deadline; Ready: Not ready)');
});
