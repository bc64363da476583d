import { describe, expect, onTestFinished, test } from 'vitest';
import type { ApiObject } from '../../kubevirt/api-client.ts';
import { path } from '../../kubevirt/double/kinds.ts';
import { stubBackend } from '../../kubevirt/double/stub-backend.ts';
import { kubevirtCluster, quotaRefuses } from './cluster.ts';

const backend = stubBackend();
const cluster = kubevirtCluster({ backend, neighbours: false });

let count = 0;

/** A namespace of its own for one test. */
async function namespace(): Promise<string> {
  count += 1;
  const name = `test-${count}`;
  await cluster.admin.create('/api/v1/namespaces', { metadata: { name } });
  onTestFinished(async () => cluster.admin.delete(`/api/v1/namespaces/${name}`));
  await expect.poll(async () => cluster.admin.find(`/api/v1/namespaces/${name}/serviceaccounts/default`), { timeout: 240_000 }).toBeDefined();
  return name;
}

function virtualMachine(name: string, change: object = {}): object {
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata: { name },
    spec: {
      runStrategy: 'Once',
      template: {
        metadata: { labels: { 'proofgrid.dev/machine': name } },
        spec: {
          terminationGracePeriodSeconds: 0,
          domain: {
            memory: { guest: '1Gi' },
            resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } },
            devices: { interfaces: [{ name: 'cell', bridge: {} }], disks: [{ name: 'root', disk: { bus: 'virtio' } }] },
          },
          networks: [{ name: 'cell', pod: {} }],
          volumes: [{ name: 'root', dataVolume: { name: `root-${name}` } }],
        },
      },
      ...change,
    },
  };
}

function dataVolume(machine: string, storageClassName?: string): object {
  return {
    apiVersion: 'cdi.kubevirt.io/v1beta1',
    kind: 'DataVolume',
    metadata: { name: `root-${machine}`, labels: { 'proofgrid.dev/machine': machine } },
    spec: { source: { blank: {} }, storage: { ...(storageClassName === undefined ? {} : { storageClassName }), resources: { requests: { storage: '1Gi' } } } },
  };
}

async function create(space: string, machine: string): Promise<void> {
  await cluster.admin.create(path('DataVolume', space), dataVolume(machine));
  await cluster.admin.create(path('VirtualMachine', space), virtualMachine(machine));
}

const instance = async (space: string, name: string) => cluster.admin.find(path('VirtualMachineInstance', space, name));
const phase = async (space: string, name: string) => (await instance(space, name))?.['status']?.phase as string | undefined;
const printable = async (space: string, name: string) => (await cluster.admin.get(path('VirtualMachine', space, name)))['status']?.printableStatus as string;
const LIMIT = { timeout: 240_000, interval: 50 };

test('a virtual machine runs: disk, pod, phases, address, conditions', async () => {
  const space = await namespace();
  await create(space, 'm1');
  await expect.poll(async () => phase(space, 'm1'), LIMIT).toBe('Running');
  const found = (await instance(space, 'm1')) as ApiObject;
  expect(found['status'].interfaces[0].ipAddress).toMatch(/^239\.20\./);
  expect(found['status'].phaseTransitionTimestamps.map(({ phase: each }: { phase: string }) => each).at(-1)).toBe('Running');
  const [pod] = await cluster.admin.list(path('Pod', space));
  expect(pod).toMatchObject({ metadata: { labels: { 'kubevirt.io': 'virt-launcher' } }, status: { phase: 'Running' } });
  expect(await cluster.admin.get(path('PersistentVolumeClaim', space, 'root-m1'))).toMatchObject({ status: { phase: 'Bound' } });
  await expect.poll(async () => printable(space, 'm1'), LIMIT).toBe('Running');
  expect(await cluster.admin.text(`${path('Pod', space, pod?.metadata.name)}/log?container=compute`)).toBe(`console of ${space}/m1\n`);
});

test('power: halted takes the instance away, running again brings another', async () => {
  const space = await namespace();
  await create(space, 'm1');
  await expect.poll(async () => phase(space, 'm1'), LIMIT).toBe('Running');
  const first = (await instance(space, 'm1'))?.metadata.uid;
  await cluster.admin.merge(path('VirtualMachine', space, 'm1'), { spec: { runStrategy: 'Halted' } });
  await expect.poll(async () => instance(space, 'm1'), LIMIT).toBeUndefined();
  expect(backend.guests.has(`${space}/m1`)).toBe(false);
  await expect.poll(async () => printable(space, 'm1'), LIMIT).toBe('Stopped');
  await cluster.admin.merge(path('VirtualMachine', space, 'm1'), { spec: { runStrategy: 'Once' } });
  await expect.poll(async () => phase(space, 'm1'), LIMIT).toBe('Running');
  expect((await instance(space, 'm1'))?.metadata.uid).not.toBe(first);
});

test('a class of a CSI driver that waits for its first consumer: populated once the launcher pod is there, on the quota that both fit', async () => {
  const space = await namespace();
  const quotas = `/api/v1/namespaces/${space}/resourcequotas`;
  // the launcher's 1Gi with KubeVirt's overhead, and one worker of 600M
  await cluster.admin.create(quotas, { metadata: { name: 'cell' }, spec: { hard: { 'limits.memory': '2200M', pods: '2' } } });
  await expect.poll(async () => (await cluster.admin.get(`${quotas}/cell`))['status']?.hard as object, LIMIT).toBeDefined();
  await cluster.admin.create(path('DataVolume', space), dataVolume('m1', 'csi-waits'));
  await expect.poll(async () => (await cluster.admin.get(path('DataVolume', space, 'root-m1')))['status']?.phase as string, LIMIT).toBe('PendingPopulation');
  await cluster.admin.create(path('VirtualMachine', space), virtualMachine('m1'));
  await expect.poll(async () => phase(space, 'm1'), LIMIT).toBe('Running');
  expect(await cluster.admin.get(path('PersistentVolumeClaim', space, 'root-m1'))).toMatchObject({ metadata: { annotations: { 'volume.kubernetes.io/selected-node': cluster.double.node } }, status: { phase: 'Bound' } });
});

describe('what goes wrong is reported as KubeVirt and CDI do', () => {
  test('no node has room', async () => {
    const space = await namespace();
    cluster.double.fault(space, 'm1', 'never-scheduled');
    await create(space, 'm1');
    await expect.poll(async () => printable(space, 'm1'), LIMIT).toBe('ErrorUnschedulable');
    expect((await instance(space, 'm1'))?.['status'].conditions).toContainEqual(expect.objectContaining({ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }));
    expect(await cluster.admin.list(`/api/v1/namespaces/${space}/events`)).toContainEqual(expect.objectContaining({ reason: 'FailedScheduling', type: 'Warning' }));
    cluster.double.fault(space, 'm1', undefined);
    await expect.poll(async () => phase(space, 'm1'), LIMIT).toBe('Running');
  });

  test('an image that cannot be imported', async () => {
    const space = await namespace();
    cluster.double.fault(space, 'm1', 'import-fails');
    await create(space, 'm1');
    await expect.poll(async () => (await cluster.admin.get(path('DataVolume', space, 'root-m1')))['status']?.restartCount as number, LIMIT).toBe(3);
    await expect.poll(async () => printable(space, 'm1'), LIMIT).toBe('DataVolumeError');
  });

  test('no address, then a guest that dies', async () => {
    const space = await namespace();
    cluster.double.fault(space, 'm1', 'no-address');
    await create(space, 'm1');
    await expect.poll(async () => phase(space, 'm1'), LIMIT).toBe('Running');
    expect((await instance(space, 'm1'))?.['status'].interfaces[0].ipAddress).toBeUndefined();
    await cluster.double.die(space, 'm1');
    await expect.poll(async () => phase(space, 'm1'), LIMIT).toBe('Failed');
  });

  test('a quota that is used up', async () => {
    const space = await namespace();
    await cluster.admin.create(`/api/v1/namespaces/${space}/resourcequotas`, { metadata: { name: 'cell' }, spec: { hard: { 'requests.memory': '512Mi' } } });
    await expect.poll(async () => (await cluster.admin.get(`/api/v1/namespaces/${space}/resourcequotas/cell`))['status']?.hard as object, LIMIT).toBeDefined();
    await quotaRefuses(cluster.admin, space, 'cell');
    await create(space, 'm1');
    await expect.poll(async () => (await instance(space, 'm1'))?.['status']?.conditions as object[], LIMIT).toContainEqual(
      expect.objectContaining({ type: 'Synchronized', status: 'False', reason: 'FailedCreate', message: expect.stringContaining('exceeded quota') as string }),
    );
  });
});

test('removing the namespace removes everything, finalizers, guests and volumes too', async () => {
  const space = await namespace();
  await create(space, 'm1');
  await create(space, 'm2');
  await expect.poll(async () => Promise.all([phase(space, 'm1'), phase(space, 'm2')]), LIMIT).toEqual(['Running', 'Running']);
  await cluster.admin.delete(`/api/v1/namespaces/${space}`);
  await expect.poll(async () => cluster.admin.find(`/api/v1/namespaces/${space}`), { timeout: 240_000, interval: 200 }).toBeUndefined();
  await expect.poll(() => [...backend.guests.keys()].filter((key) => key.startsWith(`${space}/`)), LIMIT).toEqual([]);
  await expect.poll(async () => (await cluster.admin.list('/api/v1/persistentvolumes')).filter(({ spec }) => spec.claimRef.namespace === space), LIMIT).toEqual([]);
});

test('fields that KubeVirt does not know are dropped, and wrong types refused, by its published shape', async () => {
  const space = await namespace();
  const made = await cluster.admin.create(path('VirtualMachine', space), virtualMachine('m1', { runStrategy: 'Halted', surprise: true }));
  expect(made['spec'].surprise).toBeUndefined();
  await expect(cluster.admin.create(path('VirtualMachine', space), virtualMachine('m2', { runStrategy: 5 }))).rejects.toMatchObject({ status: 422 });
});
