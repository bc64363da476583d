import { expect, test } from 'vitest';
import { readCallbackEvent, type CallbackEvent } from '../../../lifecycle/callback-event.ts';
import type { LifecycleEvent } from '../../../lifecycle/event.ts';
import { Track } from '../../../lifecycle/track.ts';

const at = '2026-01-01T00:00:00.000Z';
const later = '2026-01-01T00:00:02.000Z';
type Result = Extract<CallbackEvent, { event: 'result' }>;
const play = (file: string, when = at): CallbackEvent => ({ event: 'play', at: when, name: 'x', path: `/p/playbooks/${file}:1` });
const result = (status: Result['status'], more: Partial<Result> = {}): CallbackEvent => ({
  event: 'result', at, task: 'Do', role: null, path: '/p/playbooks/etcd.yml:3', host: 'a', status, duration_ms: 5, answered: true, message: null, warnings: [], refusals: [], ...more,
});

function track(...events: CallbackEvent[]) {
  const told: LifecycleEvent[] = [];
  const tracked = new Track('/p/playbooks', (event) => told.push(event));
  for (const event of events) tracked.see(event);
  return { tracked, told };
}

test('plays of one file are one step, the next file ends it', () => {
  const { told } = track(play('etcd.yml'), result('changed'), play('etcd.yml'), result('ok'), play('node.yml', later));
  expect(told.map((event) => ('step' in event ? `${event.type} ${event.step}` : event.type))).toEqual([
    'step-started etcd', 'task-finished etcd', 'task-finished etcd', 'step-finished etcd', 'step-started node',
  ]);
  expect(told[3]).toMatchObject({ outcome: 'passed', changed: 1, durationMs: 2_000 });
});

test('a step in which nothing ran has not passed', () => {
  const { tracked, told } = track(play('etcd.yml'), { event: 'no-hosts', at });
  tracked.finish(later, 'passed');
  expect(told.at(-1)).toMatchObject({ type: 'step-finished', outcome: 'failed' });
  expect(tracked.ran.size).toBe(0);
});

test('the first failure is remembered, masked and short', () => {
  const { tracked, told } = track(play('etcd.yml'), result('failed', { message: 'password=correcthorse' }), result('failed', { host: 'b', message: 'x'.repeat(9_000) }));
  expect(tracked.failure).toEqual({ step: 'etcd', task: 'Do', host: 'a', message: 'password=***', path: 'playbooks/etcd.yml:3' });
  const last = told.at(-1);
  expect(last?.type === 'task-finished' && Buffer.byteLength(last.message ?? '')).toBeLessThanOrEqual(4096);
});

test('what is refused is told with the place of its field', () => {
  const refusals = [{ field: ['spec', 'network', 'serviceCIDR'], text: 'spec.network.serviceCIDR: fixed' }, { field: [], text: 'no field' }];
  const locate = (field: readonly PropertyKey[]) => ({ file: 'cluster.yaml', line: field.length, column: 7 });
  const tracked = new Track('/p/playbooks', () => undefined, locate);
  tracked.see(play('pre-install.yml'));
  tracked.see(result('failed', { message: 'both', refusals }));
  expect(tracked.failure).toMatchObject({ step: 'pre-install', message: 'cluster.yaml:3:7: spec.network.serviceCIDR: fixed\nno field' });
  expect(track(play('pre-install.yml'), result('failed', { refusals })).tracked.failure?.message).toBe('spec.network.serviceCIDR: fixed\nno field');
});

test('unreachable is the infrastructure only for a machine that has never answered', () => {
  const unreachable = result('unreachable', { answered: false, message: 'refused' });
  expect(track(play('etcd.yml'), unreachable).tracked).toMatchObject({ neverReached: true, lostConnection: false });
  expect(track(play('etcd.yml'), result('ok', { answered: false }), unreachable).tracked.neverReached).toBe(true);
  expect(track(play('etcd.yml'), result('ok'), unreachable).tracked.neverReached).toBe(false);
});

test.each<[string, Partial<Result>, boolean]>([
  ['a machine that stops answering', { status: 'unreachable', answered: false, message: 'EOF' }, true],
  ['a machine whose process has gone in the middle of a module', { status: 'failed', message: 'Unexpected failure during module execution: the respondent Context has disconnected' }, true],
  ['a machine that hangs up', { status: 'failed', message: 'Channel closed by remote end.' }, true],
  ['a module that fails', { status: 'failed', message: 'no such file' }, false],
])('%s is a lost connection or is not', (_title, more, lost) => {
  expect(track(play('etcd.yml'), result('ok'), result('failed', more)).tracked.lostConnection).toBe(lost);
});

test('what fails while somebody ends the run is not a failure of the step', () => {
  const { tracked, told } = track(play('etcd.yml'), result('failed'));
  tracked.finish(later, 'aborted');
  expect(told.at(-1)).toMatchObject({ type: 'step-finished', outcome: 'aborted' });
});

test('says what is going on', () => {
  const start = (host: string, task: string): CallbackEvent => ({ event: 'start', at, host, task, role: null, path: '' });
  const { tracked } = track(play('etcd.yml'), start('a', 'Do'), start('b', 'Do'), result('ok'));
  expect(tracked.current()).toEqual({ step: 'etcd', task: 'Do', host: 'b' });
});

test.each(['', 'WARNING', '{"event":"play"', '{"event":"other","at":"2026-01-01T00:00:00Z"}', 'null'])('the line %j is none of ours', (line) => {
  expect(readCallbackEvent(line)).toBeUndefined();
});
