import { expect, test } from 'vitest';
import type { Resource } from '../../../../harness/provider/container/engine.ts';
import { leaseLabels } from '../../../../harness/provider/container/labels.ts';
import { listLeases } from '../../../../harness/provider/container/list.ts';
import { pidNamespace, processOwner } from '../../../../harness/provider/owner.ts';
import { fakeEngine } from './fake-engine.ts';
import { leaseFacts } from './fixtures.ts';

function engineWith(...networks: Resource[]) {
  return fakeEngine({ containers: async () => [], volumes: async () => [], networks: async () => networks });
}

test('leases are listed oldest first, with their owner alive or dead; what is not ours is left out', async () => {
  const living = leaseFacts({ id: 'aaaaaaaaaaaa', owner: processOwner('mine'), namespace: pidNamespace(), created: new Date('2026-03-01T11:59:30Z'), kept: true });
  const dead = leaseFacts({ id: 'bbbbbbbbbbbb', machines: ['m1'] });
  const engine = engineWith(
    { name: 'n1', labels: leaseLabels(living) },
    { name: 'n2', labels: leaseLabels(dead) },
    { name: 'n3', labels: { 'dev.proofgrid.lease': 'cccccccccccc' } },
    { name: 'n4', labels: {} },
  );
  const { created, expires } = dead;
  expect(await listLeases(engine)).toEqual([
    { id: 'bbbbbbbbbbbb', cell: 'all-in-one', run: 'r1', machines: ['m1'], owner: { pid: 42, state: 'dead' }, created, expires, kept: false },
    { id: 'aaaaaaaaaaaa', cell: 'all-in-one', run: 'mine', machines: ['m1', 'm2'], owner: { pid: process.pid, state: 'alive' }, created: living.created, expires, kept: true },
  ]);
});

test('no lease is an empty list', async () => {
  expect(await listLeases(engineWith())).toEqual([]);
});
