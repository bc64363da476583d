import { expect, test } from 'vitest';
import { examination } from '../../../harness/cell/lost-machines.ts';
import type { Lease } from '../../../harness/provider/contract.ts';

const machine = (name: string) => ({ name, address: '192.0.2.1', port: 22, user: 'root', identityFile: '', knownHostsFile: '' });
const lease: Lease = { id: 'l', cell: 'c', machines: [machine('m1'), machine('m2')], network: '', properties: {} };

/** @param looks what the provider says, look by look; the last one for ever. @param silent machines that do not answer */
function examined(looks: readonly (readonly string[] | Error)[], silent: readonly string[], limitMs = 60_000, signal = new AbortController().signal) {
  let asked = 0;
  const reported: string[] = [];
  const provider = {
    examine: async () => {
      const said = looks[Math.min(asked, looks.length - 1)] ?? [];
      asked += 1;
      if (said instanceof Error) throw said;
      return said;
    },
  };
  const examine = examination({ provider, lease, signal, limitMs, report: (message) => reported.push(message), answers: async ({ name }) => !silent.includes(name) });
  return { examine: async (message?: string) => examine?.(message), asked: () => asked, reported };
}

test('machines that the provider knows to be lost are told at once', async () => {
  const { examine, asked, reported } = examined([['m1 (Failed)']], ['m1']);
  expect(await examine('EOF')).toBe('lost machines: m1 (Failed); EOF');
  expect(await examine()).toBe('lost machines: m1 (Failed)');
  expect([asked(), reported]).toEqual([2, []]);
});

test('while a machine does not answer, the provider may notice later than SSH did', async () => {
  const { examine, asked, reported } = examined([[], new Error('API server restarts'), [], ['m2 (Failed)']], ['m2'], 5_000);
  expect(await examine('refused')).toBe('lost machines: m2 (Failed); refused');
  expect(asked()).toBe(4);
  expect(reported).toEqual(['no answer from m2: for at most 5 s the provider is asked whether they run']);
});

test('machines that answer are blamed for nothing, without a wait, also when the provider cannot tell', async () => {
  for (const said of [[], new Error('no route')]) {
    const { examine, asked, reported } = examined([said], []);
    expect(await examine('a task failed')).toBeUndefined();
    expect([asked(), reported]).toEqual([1, []]);
  }
});

test('a machine that runs and never answers is the product\'s failure, and an interrupted wait changes no verdict', async () => {
  expect(await examined([[]], ['m1'], 10).examine('sshd is gone')).toBeUndefined();
  const abort = AbortSignal.abort(new Error('interrupted'));
  expect(await examined([['m1 (Failed)']], ['m1'], 60_000, abort).examine('sshd is gone')).toBeUndefined();
});

test('checks that fail at once share one look', async () => {
  const { examine, asked } = examined([[], ['m1 (Failed)']], ['m1'], 1_000);
  expect(new Set(await Promise.all([examine('a'), examine('a'), examine('a')]))).toEqual(new Set(['lost machines: m1 (Failed); a']));
  expect(asked()).toBe(2);
});

test('a provider that never can tell is not asked', () => {
  expect(examination({ provider: {}, lease, signal: new AbortController().signal, report: () => undefined })).toBeUndefined();
});
