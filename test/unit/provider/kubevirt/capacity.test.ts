import { expect, test } from 'vitest';
import { budgetOf, quantity, sumOf } from '../../../../harness/provider/kubevirt/capacity.ts';
import { KubeError } from '../../../../harness/provider/kubevirt/kube/error.ts';
import { demandOf } from '../../../../harness/provider/kubevirt/request.ts';
import { networkOf } from '../../../../harness/provider/kubevirt/properties.ts';

test.each([['3920m', 3.92], ['16', 16], ['7951376Ki', 7951376 * 1024], ['64Gi', 64 * 2 ** 30], ['1e3', 1000], ['1.5G', 1.5e9]])('%s is %d', (text, number) => {
  expect(quantity(text)).toBeCloseTo(number, 6);
});

test('a quantity that is none is refused', () => {
  expect(() => quantity('many')).toThrow('no quantity');
});

test('only nodes that take machines count, and no node at all means that nobody knows', () => {
  const node = (ready: string, unschedulable = false) => ({
    ...{ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, spec: { unschedulable } },
    status: { allocatable: { cpu: '4', memory: '8Gi' }, conditions: [{ type: 'Ready', status: ready }] },
  });
  expect(sumOf([node('True'), node('False'), node('True', true)])).toEqual({ cpus: 4, memory: 8 * 2 ** 30 });
  expect(sumOf([node('Unknown')])).toEqual({});
});

test('nodes that nobody may list count nothing, and an API server that does not answer is an error', async () => {
  const refusing = (status: number | undefined) => {
    const failure = { reason: '', message: '', unsent: false, ...(status === undefined ? {} : { status }) };
    const list = async () => Promise.reject(new KubeError('GET /api/v1/nodes', failure));
    return { client: { list }, site: { scheduling: {} } } as unknown as Parameters<typeof budgetOf>[0];
  };
  expect(await budgetOf(refusing(403))).toEqual({});
  await expect(budgetOf(refusing(503))).rejects.toThrow('HTTP 503');
  await expect(budgetOf(refusing(undefined))).rejects.toThrow('KUBE_UNREACHABLE');
});

test('a cell takes what its machines request, and what KubeVirt needs beside them', () => {
  const machine = { name: 'a', cpus: 2, memory: 2 ** 30 };
  expect(demandOf([machine, machine], { cpu: { overcommit: 4 }, overhead: { cpus: 0.25, memory: '1Gi' } })).toEqual({ cpus: 1.5, memory: 4 * 2 ** 30 });
});

test('the network is the smallest that holds all machines', () => {
  const network = { type: 'bridge' } as const;
  expect(networkOf({ network }, ['10.0.0.4', '10.0.0.7'])).toBe('10.0.0.4/30');
  expect(networkOf({ network }, ['10.0.0.4'])).toBe('10.0.0.4/32');
});
