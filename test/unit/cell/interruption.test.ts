import { expect, test } from 'vitest';
import { interruptible } from '../../../harness/cell/interruption.ts';

test('a run whose output nobody reads any more is aborted, and says so once', async () => {
  const said: string[] = [];
  const listeners = process.stdout.listenerCount('error');
  const aborted = await interruptible(
    async (signal) => {
      await new Promise((resolve) => setImmediate(resolve));
      process.stdout.emit('error', new Error('write EPIPE'));
      process.stdout.emit('error', new Error('write EPIPE'));
      return signal.aborted;
    },
    (message) => said.push(message),
  );
  expect(aborted).toBe(true);
  expect(said).toEqual(['standard output is lost (write EPIPE): removing the machines']);
  expect(process.stdout.listenerCount('error')).toBe(listeners);
});
