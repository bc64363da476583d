import { expect, test } from 'vitest';
import { admission, comesBefore } from '../../../../harness/provider/kubevirt/admission.ts';
import type { LeaseFacts } from '../../../../harness/provider/kubevirt/lease.ts';
import { at, lease } from './fixtures.ts';

const GIB = 2 ** 30;
const waiting = (id: string, second: number, cpus = 1): LeaseFacts => lease({ id, created: at(second), admitted: false, demand: { cpus, memory: GIB } });

test('admits what fits beside everything that is admitted', () => {
  const mine = waiting('2', 1);
  expect(admission(mine, [lease({ id: '1' }), mine], { cpus: 2, memory: 2 * GIB }, at(2))).toEqual({ type: 'admit' });
  expect(admission(mine, [lease({ id: '1' }), mine], { cpus: 1 }, at(2))).toEqual({ type: 'wait', for: ['1'] });
  expect(admission(mine, [lease({ id: '1' }), mine], { memory: GIB }, at(2))).toEqual({ type: 'wait', for: ['1'] });
});

test('a large one that waits longer is not overtaken by small ones', () => {
  const [large, small] = [waiting('1', 0, 3), waiting('2', 1)];
  const running = lease({ id: '9', demand: { cpus: 2, memory: GIB } });
  expect(admission(large, [running, large, small], { cpus: 4 }, at(2)).type).toBe('wait');
  expect(admission(small, [running, large, small], { cpus: 4 }, at(2))).toEqual({ type: 'wait', for: ['9', '1'] });
  expect(admission(large, [large, small], { cpus: 4 }, at(2))).toEqual({ type: 'admit' });
});

test('one that waits and is not renewed any more does not hold up the queue; one with machines does', () => {
  const mine = waiting('2', 200);
  const dead = { expires: at(120), created: at(0) };
  expect(admission(mine, [lease({ id: '1', ...dead, admitted: false })], { cpus: 1 }, at(201)).type).toBe('admit');
  expect(admission(mine, [lease({ id: '1', ...dead })], { cpus: 1 }, at(201)).type).toBe('wait');
});

test('what could never fit does not wait', () => {
  expect(admission(waiting('1', 0, 8), [], { cpus: 4 }, at(0))).toEqual({ type: 'impossible', reason: '8 cores where there are 4' });
  expect(admission(waiting('1', 0), [], {}, at(0))).toEqual({ type: 'admit' });
});

test('the order is total', () => {
  expect(comesBefore(waiting('1', 0), waiting('2', 0))).toBe(true);
  expect(comesBefore(waiting('2', 0), waiting('1', 0))).toBe(false);
});

/** Every interleaving of the steps look, say, look again, step back, of several leases that start at the same second. */
test('no interleaving of three pipelines has more admitted than fits, and none waits for ever', () => {
  const budget = { cpus: 4 };
  const cells = [3, 2, 2];
  for (let seed = 1; seed <= 500; seed += 1) {
    const random = generator(seed);
    const ids = [1, 2, 3].map((number) => ((number * seed) % 7) + 1 + number * 10).map(String);
    const state = ids.map((id, index) => ({ facts: { ...waiting(id, index % 2, cells[index]) }, step: 'absent' as 'absent' | 'look' | 'verify' | 'back' | 'running' | 'done', left: 5 }));
    const others = () => state.filter(({ step }) => step !== 'absent' && step !== 'done').map(({ facts }) => facts);
    let turns = 0;
    while (state.some(({ step }) => step !== 'done')) {
      expect(turns++, `seed ${seed}`).toBeLessThan(2000);
      const one = state[Math.floor(random() * state.length)];
      if (one === undefined) continue;
      const verdict = one.step === 'look' || one.step === 'verify' ? admission(one.facts, others(), budget, at(1)).type : undefined;
      if (one.step === 'absent') one.step = 'look';
      else if (one.step === 'look' && verdict === 'admit') [one.facts, one.step] = [{ ...one.facts, admitted: true }, 'verify'];
      else if (one.step === 'verify') one.step = verdict === 'admit' ? 'running' : 'back';
      else if (one.step === 'back') [one.facts, one.step] = [{ ...one.facts, admitted: false }, 'look'];
      else if (one.step === 'running' && (one.left -= 1) === 0) one.step = 'done';
      const used = state.filter(({ step }) => step === 'running').reduce((sum, { facts }) => sum + facts.demand.cpus, 0);
      expect(used, `seed ${seed}`).toBeLessThanOrEqual(budget.cpus);
    }
  }
});

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
