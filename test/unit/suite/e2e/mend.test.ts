import { expect, test } from 'vitest';
import type { ClusterContext } from '../../../../harness/suite/check.ts';
import { faulty } from '../../../../harness/suite/e2e/fault/mend.ts';

const context = {} as ClusterContext;

test('a fault is mended in reverse order', async () => {
  const done: string[] = [];
  const mend = await faulty(async (_, undo) => {
    undo(() => Promise.resolve(done.push('first')));
    undo(() => Promise.resolve(done.push('second')));
  })(context);
  expect(done).toEqual([]);
  await mend();
  expect(done).toEqual(['second', 'first']);
});

test('a fault that cannot be made whole is mended at once', async () => {
  const done: string[] = [];
  const broken = faulty(async (_, undo) => {
    undo(() => Promise.resolve(done.push('undone')));
    throw new Error('half way');
  });
  await expect(broken(context)).rejects.toThrow('half way');
  expect(done).toEqual(['undone']);
});

test('every undo runs, and every one that failed is named', async () => {
  const done: string[] = [];
  const mend = await faulty(async (_, undo) => {
    undo(() => Promise.resolve(done.push('first')));
    undo(() => Promise.reject(new Error('stuck')));
  })(context);
  await expect(mend()).rejects.toThrow('1 faults could not be mended: Error: stuck');
  expect(done).toEqual(['first']);
});
