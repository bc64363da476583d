import { expect, test, vi } from 'vitest';
import { createLimiter } from '../../../../../harness/provider/kubevirt/kube/limiter.ts';

test('a burst at once, then at the rate, and a burst again after a pause', async () => {
  let now = 0;
  const waits: number[] = [];
  const limiter = createLimiter({
    ...{ qps: 10, burst: 3, now: () => now },
    sleep: async (ms) => {
      waits.push(ms);
      now += ms;
    },
  });
  for (let request = 0; request < 5; request += 1) await limiter();
  expect(waits).toEqual([100, 100]);
  now += 10_000;
  for (let request = 0; request < 4; request += 1) await limiter();
  expect(waits).toEqual([100, 100, 100]);
});

test('whoever comes together waits one after the other', async () => {
  const waits: number[] = [];
  const limiter = createLimiter({ qps: 10, burst: 1, now: () => 0, sleep: async (ms) => void waits.push(ms) });
  await Promise.all([limiter(), limiter(), limiter()]);
  expect(waits).toEqual([100, 200]);
});

test('an aborted signal takes no place', async () => {
  await expect(createLimiter({ qps: 1, burst: 1 })(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
});

test('a clock that a test moves for a while keeps nobody waiting afterwards', async () => {
  const waits: number[] = [];
  const limiter = createLimiter({ qps: 10, burst: 1, sleep: async (ms) => void waits.push(ms) });
  const now = performance.now.bind(performance);
  const moved = vi.spyOn(performance, 'now').mockImplementation(() => now() + 600_000);
  await limiter();
  moved.mockRestore();
  await limiter();
  expect(waits.every((ms) => ms <= 100), waits.join()).toBe(true);
});
