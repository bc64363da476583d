import { expect, test } from 'vitest';
import { openPhase, verdictOf } from '../../../harness/cell/phase.ts';
import type { JournalEvent } from '../../../harness/journal/event.ts';
import { ProofgridError } from '../../../lifecycle/error.ts';

const id = { cell: 'c', suite: 'cell', phase: 'prepare' };

function recording() {
  const events: JournalEvent[] = [];
  return { events, journal: { write: (event: JournalEvent) => void events.push(event), mask: () => undefined } };
}

test('a case that throws takes the verdict of its error, and so does the phase', async () => {
  const { events, journal } = recording();
  const phase = openPhase(journal, id, ['machines', 'later']);
  const broken = new ProofgridError({ code: 'X', fault: 'infrastructure', what: 'no room' });
  await expect(phase.run('machines', () => Promise.reject(broken))).rejects.toBe(broken);
  phase.finish();
  expect(events.map(({ type }) => type)).toEqual(['phase-started', 'case-started', 'case-finished', 'case-finished', 'phase-finished']);
  expect(events[2]).toMatchObject({ name: 'machines', verdict: 'errored', message: 'no room [X]' });
  expect(events[3]).toMatchObject({ name: 'later', verdict: 'skipped', message: 'not reached: the phase errored' });
  expect(events[4]).toMatchObject({ type: 'phase-finished', verdict: 'errored' });
});

test('a case that returns has passed, unless it says otherwise of itself', async () => {
  const { events, journal } = recording();
  const phase = openPhase(journal, id, ['a', 'b']);
  await phase.run('a', () => Promise.resolve(1));
  await phase.run('b', () => Promise.resolve(2), () => ({ verdict: 'failed', observed: '2' }));
  phase.finish();
  const finished = events.filter((event) => event.type === 'case-finished');
  expect(finished.map(({ verdict }) => verdict)).toEqual(['passed', 'failed']);
  expect(events.at(-1)).toMatchObject({ type: 'phase-finished', verdict: 'failed' });
});

test('an unknown error is ours, never the product’s, and an abort is an abort', () => {
  expect(verdictOf(new TypeError('x'))).toBe('errored');
  expect(verdictOf(new DOMException('stop', 'AbortError'))).toBe('aborted');
  expect(verdictOf(new ProofgridError({ code: 'X', fault: 'failed', what: 'x' }))).toBe('failed');
});
