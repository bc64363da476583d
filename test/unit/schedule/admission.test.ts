import { expect, test } from 'vitest';
import { createAdmission, type Admission } from '../../../harness/schedule/admission.ts';
import { weighing } from './cells.ts';

const never = new AbortController().signal;

/** Asks for admission and notes it in the log; resolves to the function that leaves. */
function enter(admission: Admission, log: string[], slug: string, memory: number, signal: AbortSignal = never) {
  return admission.admit(weighing(slug, memory), signal).then((leave) => {
    log.push(slug);
    return leave;
  });
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('cells enter while their memory fits, and the next one when somebody leaves', async () => {
  const log: string[] = [];
  const admission = createAdmission({ memory: 10, cpus: 99 });
  const leave = await enter(admission, log, 'a', 6);
  await enter(admission, log, 'b', 4);
  const third = enter(admission, log, 'c', 6);
  await settled();
  expect(log).toEqual(['a', 'b']);
  leave();
  await third;
  expect(log).toEqual(['a', 'b', 'c']);
});

test('leaving twice gives one place back', async () => {
  const log: string[] = [];
  const admission = createAdmission({ memory: 10, cpus: 99 });
  const leave = await enter(admission, log, 'a', 5);
  await enter(admission, log, 'b', 5);
  leave();
  leave();
  await enter(admission, log, 'c', 5);
  void enter(admission, log, 'd', 5);
  await settled();
  expect(log).toEqual(['a', 'b', 'c']);
});

test('CPUs are shared up to the overcommit, and a cell alone needs none', async () => {
  const admission = createAdmission({ memory: 100, cpus: 2, cpuOvercommit: 2 });
  const log: string[] = [];
  const admit = (slug: string, cpus: number) => admission.admit(weighing(slug, 1, cpus), never).then((leave) => (log.push(slug), leave));
  const leave = await admit('wide', 10);
  void admit('narrow', 1);
  await settled();
  expect(log).toEqual(['wide']);
  leave();
  await settled();
  void admit('three', 3);
  void admit('one more', 1);
  await settled();
  expect(log).toEqual(['wide', 'narrow', 'three']);
});

test('never more cells than asked for', async () => {
  const admission = createAdmission({ memory: 100, cpus: 99, maxCells: 1 });
  const log: string[] = [];
  const leave = await enter(admission, log, 'a', 1);
  void enter(admission, log, 'b', 1);
  await settled();
  expect(log).toEqual(['a']);
  leave();
  await settled();
  expect(log).toEqual(['a', 'b']);
});

test('small cells use the gaps, but a large one does not wait for ever', async () => {
  const admission = createAdmission({ memory: 10, cpus: 99 });
  const log: string[] = [];
  const leaves = [await enter(admission, log, 'first', 5)];
  const large = enter(admission, log, 'large', 10);
  for (const slug of ['1', '2', '3', '4', '5', '6']) void enter(admission, log, slug, 1).then((leave) => leaves.push(leave));
  await settled();
  expect(log).toEqual(['first', '1', '2', '3', '4']);
  leaves.splice(0).forEach((leave) => leave());
  (await large)();
  await settled();
  expect(log).toEqual(['first', '1', '2', '3', '4', 'large', '5', '6']);
});

test('an aborted cell leaves the line and holds nobody up', async () => {
  const admission = createAdmission({ memory: 10, cpus: 99 });
  const log: string[] = [];
  const leave = await enter(admission, log, 'a', 8);
  const stop = new AbortController();
  const waiting = enter(admission, log, 'b', 10, stop.signal);
  const behind = enter(admission, log, 'c', 9);
  stop.abort(new Error('interrupted'));
  await expect(waiting).rejects.toThrow('interrupted');
  leave();
  await behind;
  expect(log).toEqual(['a', 'c']);
  await expect(enter(admission, log, 'd', 1, stop.signal)).rejects.toThrow('interrupted');
});

test('what could never fit is refused at once', async () => {
  const admission = createAdmission({ memory: 2 * 2 ** 30, cpus: 99 });
  await expect(admission.admit(weighing('huge', 3 * 2 ** 30), never)).rejects.toMatchObject({
    code: 'SCHEDULE_CELL_TOO_LARGE',
    fault: 'usage',
    what: 'there is 2Gi of memory for machines, and these cells need more: huge (3Gi)',
  });
});
