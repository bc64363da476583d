import { expect, test } from 'vitest';
import { diagnose } from '../../../../harness/provider/kubevirt/diagnosis.ts';
import { fakeApi, json, status } from './kube/fake-api.ts';

const claim = (name: string, phase: string, owner?: string) => ({ metadata: { name, ...(owner === undefined ? {} : { ownerReferences: [{ kind: 'any', name: owner }] }) }, status: { phase } });
const about = (kind: string, name: string, reason: string) => ({ metadata: { name: `${name}.${reason}` }, type: 'Warning', reason, message: `of ${name}`, lastTimestamp: '2026-11-27T12:00:00Z', involvedObject: { kind, name } });

const LISTS: Readonly<Record<string, readonly object[]>> = {
  pods: [
    { metadata: { name: 'virt-launcher-m1-abcde', labels: { 'proofgrid.dev/machine': 'm1' } }, status: { phase: 'Pending' } },
    { metadata: { name: 'importer-prime-u1', ownerReferences: [{ kind: 'PersistentVolumeClaim', name: 'prime-u1' }] }, status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available' }] } },
    { metadata: { name: 'importer-prime-u2', ownerReferences: [{ kind: 'PersistentVolumeClaim', name: 'prime-u2' }] }, status: { phase: 'Running' } },
  ],
  datavolumes: [{ metadata: { name: 'root-m1' }, status: { phase: 'ImportScheduled', conditions: [{ type: 'Running', status: 'False', reason: 'ErrExceededQuota', message: 'told by CDI' }] } }],
  persistentvolumeclaims: [claim('root-m1', 'Pending'), claim('prime-u1', 'Bound', 'root-m1'), claim('prime-u1-scratch', 'Pending', 'importer-prime-u1'), claim('root-m2', 'Pending'), claim('prime-u2', 'Bound', 'root-m2')],
  events: [about('Pod', 'importer-prime-u1', 'FailedScheduling'), about('PersistentVolumeClaim', 'prime-u1', 'ErrExceededQuota'), about('Pod', 'importer-prime-u2', 'Pulled')],
};

test('a machine\'s evidence holds what CDI fills its disks with, and nothing of another machine\'s', async () => {
  const { client } = await fakeApi((request, response) => {
    const resource = /\/([a-z]+)(\?.*)?$/.exec(request.url ?? '')?.[1] ?? '';
    if (LISTS[resource] === undefined) return json(response, 404, status(404, 'not found'));
    json(response, 200, { kind: 'List', metadata: { resourceVersion: '1' }, items: LISTS[resource] });
  });
  expect((await diagnose(client, 'proofgrid-1', 'm1')).split('\n')).toEqual([
    '== VirtualMachine m1: not there',
    '== VirtualMachineInstance m1: not there',
    '== Pod virt-launcher-m1-abcde: Pending',
    '== DataVolume root-m1: ImportScheduled, 0 restarts',
    '  Running=False ErrExceededQuota told by CDI',
    '== PersistentVolumeClaim root-m1: Pending',
    '== PersistentVolumeClaim prime-u1: Bound',
    '== PersistentVolumeClaim prime-u1-scratch: Pending',
    '== Pod importer-prime-u1: Pending',
    '  PodScheduled=False Unschedulable 0/3 nodes are available',
    '== Events',
    '  2026-11-27T12:00:00Z Warning Pod/importer-prime-u1 FailedScheduling: of importer-prime-u1',
    '  2026-11-27T12:00:00Z Warning PersistentVolumeClaim/prime-u1 ErrExceededQuota: of prime-u1',
  ]);
});
