import { expect, test } from 'vitest';
import { describeEvent } from '../../../lifecycle/text-events.ts';

const at = '2026-01-01T10:20:30.000Z';
const task = { type: 'task-finished', at, step: 'etcd', task: 'Do', host: 'a', durationMs: 5 } as const;

test('is quiet about tasks, unless changes are asked for', () => {
  expect(describeEvent({ ...task, status: 'changed' }, { changes: false })).toBeUndefined();
  expect(describeEvent({ ...task, status: 'ok' }, { changes: true })).toBeUndefined();
  expect(describeEvent({ ...task, status: 'changed' }, { changes: true })).toBe('10:20:30 etcd: a: Do changes');
});

test('tells a failed post-condition with what was expected and observed', () => {
  const event = { type: 'post-condition', at, name: 'nodes', outcome: 'failed', expected: '3', observed: '2', durationMs: 1 } as const;
  expect(describeEvent(event, { changes: false })).toBe('10:20:30 nodes failed: expected 3, observed 2');
  expect(describeEvent({ ...event, outcome: 'passed' }, { changes: false })).toBeUndefined();
});

test('ends with the failure: step, task, machine, place, message', () => {
  const failure = { step: 'etcd', task: 'Do', host: 'a', message: 'one\ntwo', path: 'playbooks/etcd.yml:3' };
  expect(describeEvent({ type: 'operation-finished', at, operation: 'deploy', outcome: 'failed', durationMs: 61_000, changed: 2, failure }, { changes: false })).toBe(
    '10:20:30 deploy failed in 1 min 01 s, 2 changed\n  step etcd, task "Do" on a (playbooks/etcd.yml:3)\n  | one\n  | two');
});
