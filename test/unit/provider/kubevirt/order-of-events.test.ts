import { expect, test } from 'vitest';
import { namespaceOf } from '../../../../harness/provider/kubevirt/names.ts';
import type { DataVolume, KubeObject, VirtualMachineInstance } from '../../../../harness/provider/kubevirt/objects.ts';
import { renderCell, type CellObjects } from '../../../../harness/provider/kubevirt/render.ts';
import { loadSite, type Site } from '../../../../harness/provider/kubevirt/site.ts';
import { progressOf, type Claim, type Pod } from '../../../../harness/provider/kubevirt/stage.ts';
import { memoryCluster, type MemoryCluster } from '../../../kubevirt/double/memory-cluster.ts';
import { planned, site, SITES, TOPOLOGIES } from './cells.ts';

const CLASSES = ['standard', 'csi', 'csi-waits', 'local-waits'] as const;

const withClass = (chosen: Site, name: string): Site => ({ ...chosen, storage: { ...chosen.storage, class: name } });

/** The cell's objects in KubeVirt's and CDI's hands. */
async function started(request: CellObjects, objects: readonly KubeObject[]): Promise<MemoryCluster> {
  const cluster = memoryCluster();
  for (const object of objects.filter(({ kind }) => kind !== 'Namespace')) await cluster.create(object);
  await cluster.settle(namespaceOf(request.lease));
  return cluster;
}

/** The same with all disks of one storage class; the quota does not know of it. */
function onClass(objects: readonly KubeObject[], storageClassName: string): KubeObject[] {
  return objects.map((object) => (object.kind === 'DataVolume' ? { ...object, spec: { ...(object as DataVolume).spec, storage: { ...(object as DataVolume).spec.storage, storageClassName } } } : object));
}

const refusals = (cluster: MemoryCluster) => cluster.all('Event').filter(({ reason }) => ['FailedCreate', 'ErrExceededQuota', 'ErrStartingPod'].includes(reason as string));
const phases = (cluster: MemoryCluster) => cluster.all('VirtualMachineInstance').map(({ status }) => status.phase as string);

test.each(SITES.flatMap((name) => TOPOLOGIES.flatMap((topology) => ['debian-12', 'debian-13'].map((os) => [name, topology, os] as const))))('site %s, topology %s, %s: fits its own quota in the order in which KubeVirt and CDI make pods, on every class', async (name, topology, os) => {
  const chosen = await loadSite(name);
  const request = await planned(topology, chosen, [`os=${os}`]);
  const objects = renderCell(request, chosen);
  for (const storage of CLASSES) {
    const cluster = await started(request, onClass(objects, storage));
    expect(refusals(cluster), storage).toEqual([]);
    expect(phases(cluster), storage).toEqual(request.machines.map(() => 'Running'));
    expect(cluster.all('Pod').length, storage).toBe(request.machines.length);
  }
});

test.each(['registry', 'default'])('site %s, filled before any machine: the larger of machine and workers is enough on a class that waits', async (name) => {
  const shipped = await loadSite(name);
  const chosen = { ...shipped, storage: { ...shipped.storage, bindImmediately: true } };
  const request = await planned('small', chosen);
  const cluster = await started(request, onClass(renderCell(request, chosen), 'csi-waits'));
  expect(refusals(cluster)).toEqual([]);
  expect(phases(cluster)).toEqual(request.machines.map(() => 'Running'));
});

test('the disk of a machine that waits for its first consumer is filled after the launcher pod was charged, and before it has a node', async () => {
  const chosen = withClass(site('network: { type: bridge }'), 'csi-waits');
  const request = await planned('all-in-one', chosen);
  const cluster = memoryCluster();
  const seen: string[] = [];
  const { create } = cluster.context.client;
  const told = { ...cluster.context.client, create: async (path: string, object: object) => {
    const made = await create(path, object);
    if (path.endsWith('/pods') || path.endsWith('/binding')) seen.push(`${(object as KubeObject).metadata.name.replace(/-[0-9a-f]{5}$/, '').replace(/prime-.*/, 'prime')}${path.endsWith('/binding') ? ' has a node' : ''}`);
    return made;
  } };
  const ensure = async (path: string, object: object) => void (await told.create(path, object).catch((error: unknown) => {
    if ((error as { status?: number }).status !== 409) throw error as Error;
  }));
  Object.assign(cluster.context, { client: { ...told, ensure } });
  for (const object of renderCell(request, chosen).filter(({ kind }) => kind !== 'Namespace')) await cluster.create(object);
  await cluster.settle(namespaceOf(request.lease));
  const [machine = ''] = request.machines.map(({ name }) => name);
  expect(seen).toEqual([`virt-launcher-${machine}`, 'cdi-upload-prime', 'importer-prime', `virt-launcher-${machine} has a node`]);
});

test('a quota with room for the machine or its workers, and not for both, ends in a deadlock that is told with its reason', async () => {
  const chosen = withClass(site('network: { type: bridge }'), 'csi-waits');
  const request = await planned('all-in-one', chosen);
  const early = { ...chosen, storage: { ...chosen.storage, bindImmediately: true } };
  const [larger] = renderCell(request, early).filter(({ kind }) => kind === 'ResourceQuota');
  const cluster = await started(request, renderCell(request, chosen).map((object) => (object.kind === 'ResourceQuota' ? (larger ?? object) : object)));
  expect(refusals(cluster).length).toBeGreaterThan(0);
  const dataVolumes = cluster.all('DataVolume') as unknown as DataVolume[];
  expect(dataVolumes.map(({ status }) => status?.phase)).toEqual(dataVolumes.map(() => 'ImportScheduled'));
  const [instance] = cluster.all('VirtualMachineInstance') as unknown as VirtualMachineInstance[];
  const [pod] = cluster.all('Pod') as unknown as Pod[];
  const view = { instance, pod, dataVolumes, claims: cluster.all('PersistentVolumeClaim') as unknown as Claim[], knownUid: undefined };
  expect(progressOf(view, { dataVolumes: dataVolumes.map(({ metadata }) => metadata.name) })).toMatchObject({ type: 'waiting', stage: 'disk bound', reason: expect.stringMatching(/^DataVolume \S+ is ImportScheduled.*ErrExceededQuota: Error starting pod/) as string });
});
