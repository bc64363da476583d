import { expect, test } from 'vitest';
import { concludeRun } from '../../../lifecycle/conclude-run.ts';

type Facts = Parameters<typeof concludeRun>[0];
const failure = { step: 'etcd', task: 'Start', host: 'a', message: 'no' };
const track = {
  current: () => ({ step: 'etcd', task: '', host: '' }), failure: undefined, neverReached: false, complete: true, ran: new Set(['etcd']),
};
const conclude = (facts: Partial<Facts> = {}, tracked: Partial<Facts['track']> = {}) => concludeRun({
  track: { ...track, ...tracked }, end: { kind: 'exited', exitCode: 0 }, stop: undefined, steps: ['etcd'], operation: 'etcd', limitMs: 90_000, log: 'the log', ...facts,
});

test('passes only when all of it was seen', () => {
  expect(conclude()).toEqual({ outcome: 'passed' });
});

test.each<[string, Partial<Facts>, Partial<Facts['track']>, string, RegExp]>([
  ['no summary', {}, { complete: false }, 'errored', /without its summary/],
  ['a step that ran nothing', { steps: ['etcd', 'node'] }, {}, 'failed', /no task of the step node/],
  ['a failure', { end: { kind: 'exited', exitCode: 2 } }, { failure }, 'failed', /^no$/],
  ['a failure that ansible forgot', {}, { failure }, 'failed', /^no$/],
  ['a machine that never answered', { end: { kind: 'exited', exitCode: 4 } }, { failure, neverReached: true }, 'errored', /^no$/],
  ['an exit code without a failure', { end: { kind: 'exited', exitCode: 1 } }, {}, 'failed', /exit code 1: the log/],
  ['a killed ansible', { end: { kind: 'exited', exitCode: 137 } }, {}, 'errored', /killed by signal 9/],
  ['an ansible that lost a process of its own', { end: { kind: 'exited', exitCode: 1 }, log: 'TASK [Start]\nERROR! A worker was found in a dead state' }, {}, 'errored', /^a process of ansible-playbook was killed$/],
  ['an ansible that found no room', { end: { kind: 'exited', exitCode: 250 }, log: 'OSError: [Errno 28] No space left on device' }, {}, 'errored', /crashed: OSError.*No space left/],
  ['a plugin that found no room', { end: { kind: 'exited', exitCode: 1 }, log: 'No space left on device' }, {}, 'errored', /exit code 1: No space left/],
  ['a log without room', { end: { kind: 'exited', exitCode: 0 }, logError: new Error('ENOSPC: no space left on device, write') }, {}, 'errored', /log of the run cannot be written: ENOSPC/],
  ['a broken supervisor', { end: { kind: 'broken', reason: 'gone' } }, {}, 'errored', /cut off: gone/],
  ['an abort, whatever failed because of it', { stop: 'aborted', end: { kind: 'exited', exitCode: 143 } }, { failure }, 'aborted', /asked to stop$/],
  ['the limit', { stop: 'timed-out' }, { current: () => ({ step: 'etcd', task: 'Wait', host: 'a, b' }) }, 'timed-out', /limit of 1 min 30 s, in the step etcd at "Wait" on a, b/],
])('%s', (_title, facts, tracked, outcome, message) => {
  const conclusion = conclude(facts, tracked);
  expect(conclusion.outcome).toBe(outcome);
  expect(conclusion.failure?.message).toMatch(message);
});
