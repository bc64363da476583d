import { expect, test } from 'vitest';
import type { DataVolume, VirtualMachineInstance } from '../../../../harness/provider/kubevirt/objects.ts';
import { progressOf, STAGE_LIMITS, troubles, type Claim, type MachineView, type Pod } from '../../../../harness/provider/kubevirt/stage.ts';
import { stageClock } from '../../../../harness/provider/kubevirt/stage-clock.ts';

const instance = (phase: string, status: object = {}, uid = 'u'): VirtualMachineInstance =>
  ({ apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachineInstance', metadata: { name: 'a', uid }, spec: { domain: { devices: {} } }, status: { phase, ...status } }) as VirtualMachineInstance;
const pod = (spec: object = {}, status: object = {}): Pod => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'virt-launcher-a-x' }, spec, status });
const disk = (phase: string, progress = '10.00%'): DataVolume =>
  ({ apiVersion: 'cdi.kubevirt.io/v1beta1', kind: 'DataVolume', metadata: { name: 'root-a' }, spec: {}, status: { phase, progress } }) as unknown as DataVolume;
const claim = (phase: 'Pending' | 'Bound' | 'Lost'): Claim => ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'root-a' }, status: { phase } });
const progress = (view: Partial<MachineView>, dataVolumes: readonly string[] = []) =>
  progressOf({ instance: undefined, pod: undefined, dataVolumes: [], claims: [], knownUid: undefined, ...view }, { dataVolumes });

const ready = [{ type: 'Ready', status: 'True' }, { type: 'AgentConnected', status: 'True' }];
const interfaces = [{ name: 'cell', ipAddress: '10.0.0.5' }];

test.each([
  ['nothing yet', {}, [], 'waiting', 'scheduled'],
  ['a disk without a volume', { dataVolumes: [disk('Pending')], claims: [claim('Pending')] }, ['root-a'], 'waiting', 'disk bound'],
  ['an image on its way', { dataVolumes: [disk('ImportInProgress')], claims: [claim('Bound')] }, ['root-a'], 'waiting', 'image imported'],
  ['an import that failed', { dataVolumes: [disk('Failed')], claims: [claim('Bound')] }, ['root-a'], 'broken', 'image imported'],
  ['a volume that is lost', { dataVolumes: [disk('Succeeded')], claims: [claim('Lost')] }, ['root-a'], 'broken', 'disk bound'],
  ['a disk that waits for its machine', { dataVolumes: [disk('WaitForFirstConsumer')], claims: [claim('Pending')], instance: instance('Scheduling'), pod: pod() }, ['root-a'], 'waiting', 'scheduled'],
  ['a pod without a node', { instance: instance('Scheduling'), pod: pod() }, [], 'waiting', 'scheduled'],
  ['a pod on a node', { instance: instance('Scheduling'), pod: pod({ nodeName: 'n' }) }, [], 'waiting', 'running'],
  ['an image that cannot be named', { instance: instance('Scheduling'), pod: pod({ nodeName: 'n' }, { containerStatuses: [{ name: 'compute', state: { waiting: { reason: 'InvalidImageName' } } }] }) }, [], 'broken', 'running'],
  ['a running guest without an address', { instance: instance('Running', { interfaces: [{ name: 'cell' }] }) }, [], 'waiting', 'address'],
  ['a guest that died', { instance: instance('Failed', { reason: 'QEMU' }) }, [], 'broken', 'running'],
  ['a guest that shut down', { instance: instance('Succeeded') }, [], 'broken', 'running'],
  ['another instance than the first', { instance: instance('Running', {}, 'v'), knownUid: 'u' }, [], 'broken', 'running'],
  ['an instance that was deleted', { knownUid: 'u' }, [], 'broken', 'running'],
] as const)('%s', (_name, view, dataVolumes, type, stage) => {
  expect(progress(view as Partial<MachineView>, dataVolumes)).toMatchObject({ type, stage });
});

test('an address is enough to try a login; readiness is what the guest itself said', () => {
  expect(progress({ instance: instance('Running', { interfaces, conditions: ready }) })).toEqual({ type: 'reachable', address: '10.0.0.5', ready: true });
  expect(progress({ instance: instance('Running', { interfaces, conditions: ready.slice(0, 1) }) })).toMatchObject({ ready: false });
});

const failing = (phase: string, reason: string, message = 'told by CDI'): DataVolume =>
  ({ ...disk(phase), status: { phase, progress: 'N/A', conditions: [{ type: 'Bound', status: 'False', reason: 'Pending', message: 'PVC root-a [Prime PVC prime-u] Pending' }, { type: 'Running', status: 'False', reason, message }] } }) as unknown as DataVolume;

test.each([
  ['a populator at work: its claim is Pending until it is through', disk('ImportInProgress'), 'image imported'],
  ['a populator whose worker is about to start', disk('ImportScheduled'), 'image imported'],
  ['a clone', disk('CSICloneInProgress'), 'image imported'],
  ['a worker that the quota refuses', failing('ImportScheduled', 'ErrExceededQuota'), 'disk bound'],
  ['a claim that the quota refuses', failing('Pending', 'ErrExceededQuota'), 'disk bound'],
] as const)('the phase of the DataVolume decides, and not its claim: %s', (_, volume, stage) => {
  expect(progress({ dataVolumes: [volume], claims: [claim('Pending')], instance: instance('Scheduling'), pod: pod() }, ['root-a'])).toMatchObject({ type: 'waiting', stage });
});

test('a disk that waits for its machine does not hide another one that is being filled', () => {
  const etcd = { ...disk('ImportInProgress'), metadata: { name: 'etcd-a' } };
  expect(progress({ dataVolumes: [disk('PendingPopulation'), etcd], instance: instance('Scheduling'), pod: pod() }, ['root-a', 'etcd-a'])).toMatchObject({ stage: 'image imported', reason: 'DataVolume etcd-a is ImportInProgress (10.00%)' });
});

test('what carries an error is told with its reason, once, and what is on its way is not', () => {
  const view = { instance: instance('Pending', { conditions: [{ type: 'Synchronized', status: 'False', reason: 'FailedCreate', message: 'pods "x" is forbidden: exceeded quota: other, requested: pods=1' }] }), pod: pod({}, { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available' }] }), claims: [], knownUid: undefined };
  expect(troubles({ ...view, dataVolumes: [failing('ImportScheduled', 'ErrExceededQuota'), failing('ImportScheduled', 'ErrExceededQuota')] })).toEqual([
    'DataVolume root-a: ErrExceededQuota: told by CDI',
    'its pod: Unschedulable: 0/3 nodes are available',
    'VirtualMachineInstance: FailedCreate: pods "x" is forbidden: exceeded quota: other, requested: pods=1',
  ]);
  expect(troubles({ ...view, instance: undefined, pod: undefined, dataVolumes: [failing('ImportInProgress', 'TransferRunning'), failing('Succeeded', 'Completed', 'Import Complete'), failing('ImportScheduled', 'ContainerCreating', '')] })).toEqual([]);
});

test('the scheduler and the quota are quoted', () => {
  const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available' }];
  expect(progress({ instance: instance('Scheduling', { conditions }), pod: pod() })).toMatchObject({ type: 'waiting', reason: '0/3 nodes are available' });
  const refused = [{ type: 'Synchronized', status: 'False', reason: 'FailedCreate', message: 'pods "x" is forbidden: exceeded quota: used-up, requested: pods=1' }];
  expect(progress({ instance: instance('Pending', { conditions: refused }) })).toMatchObject({ type: 'broken', stage: 'scheduled' });
});

test.each([
  'pods "x" is forbidden: error looking up service account proofgrid-x/default: serviceaccount "default" not found',
  'pods "x" is forbidden: status unknown for quota: cell, resources: pods',
  'pods "x" is forbidden: exceeded quota: cell, requested: limits.cpu=2015m, used: limits.cpu=1500m, limited: limits.cpu=2250m',
])('what a controller of Kubernetes has still to do is waited for: %s', (message) => {
  const conditions = [{ type: 'Synchronized', status: 'False', reason: 'FailedCreate', message }];
  expect(progress({ instance: instance('Pending', { conditions }) })).toEqual({ type: 'waiting', stage: 'scheduled', reason: message });
});

test('each stage has its own limit, and one that comes back goes on with what it had left', () => {
  const clock = stageClock({ ...STAGE_LIMITS, scheduled: 100, running: 50 });
  expect(clock.overdue('scheduled', 0)).toBe(-100);
  expect(clock.overdue('scheduled', 80)).toBe(-20);
  expect(clock.overdue('running', 90)).toBe(-50);
  expect(clock.overdue('running', 141)).toBe(1);
  expect(clock.overdue('scheduled', 141)).toBe(-10);
  expect(clock.overdue('scheduled', 152)).toBe(1);
});
