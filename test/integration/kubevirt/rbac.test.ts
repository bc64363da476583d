import { beforeAll, expect, test } from 'vitest';
import { createArtifacts } from '../../../harness/artifact/artifacts.ts';
import { loadMatrix } from '../../../harness/matrix/load.ts';
import { selectCells } from '../../../harness/matrix/select.ts';
import { kubeClient, type KubeClient } from '../../../harness/provider/kubevirt/kube/client.ts';
import { openPort } from '../../../harness/provider/kubevirt/kube/port.ts';
import { namespaceOf } from '../../../harness/provider/kubevirt/names.ts';
import type { KubeObject } from '../../../harness/provider/kubevirt/objects.ts';
import { renderCell, type CellObjects } from '../../../harness/provider/kubevirt/render.ts';
import type { Backend } from '../../kubevirt/double/backend.ts';
import { containerBackend } from '../../kubevirt/double/container-backend.ts';
import { audited, deploy, kubevirtCluster, LIMIT, manifests, mayDo, pathOf, type Manifest } from './cluster.ts';
import { progress, provider, request, site } from './fixture.ts';
import { patience } from './patience.ts';

const PROVIDER = 'system:serviceaccount:proofgrid:proofgrid-provider';
const REAPER = 'system:serviceaccount:proofgrid:proofgrid-reaper';
const GROUPS = ['system:serviceaccounts', 'system:serviceaccounts:proofgrid'];
/** Verbs that server-side apply asks for beside the one it is audited as: an apply that creates is a `patch` there. */
const APPLIED = ['limitranges', 'resourcequotas', 'secrets', 'networkpolicies', 'datavolumes', 'virtualmachines', 'virtualmachinesnapshots', 'virtualmachinerestores'];
/** CDI's webhook asks for it on behalf of whoever makes a clone; nobody ever requests it. */
const ASKED_BY_CDI = 'create cdi.kubevirt.io/datavolumes/source';

const cluster = kubevirtCluster({ backend: allInOneBackend, neighbours: false });
const configs: Record<string, string> = {};

beforeAll(async () => {
  await deploy(cluster.admin, 'rbac.yaml', 'golden-images.yaml');
  for (const user of [PROVIDER, REAPER]) configs[user] = await cluster.plane.kubeconfigOf(user, GROUPS);
});

async function allInOneBackend(): Promise<Backend> {
  const [cell] = selectCells(await loadMatrix(), { names: ['all-in-one'] });
  const artifacts = createArtifacts();
  if (cell === undefined) throw new Error('the matrix has no cell all-in-one');
  const etcd = await artifacts.etcd(cell.sources.etcd, progress());
  const image = await artifacts.machineImage({ os: cell.axes.os, runtime: 'containerd', etcd }, progress());
  return containerBackend({ image: image.reference, seeds: [], init: 'sshd' });
}

const as = (user: string) => configs[user] ?? '';

test('the provider and the reaper may do all they do, and use all they may', async () => {
  await wholeLease();
  await checkpointedLease();
  await failedLease();
  await runnersShadow();
  await orphanThatHangs();

  const granted = await grants();
  const unused = async () => {
    const used = new Set((await rightsAsked()).map(({ right }) => right));
    return granted.filter((right) => !used.has(right) && !right.endsWith(ASKED_BY_CDI) && !APPLIED.some((resource) => new RegExp(`: create [^ ]*/${resource}$`).test(right)));
  };
  // a request is in the log a moment after its answer
  await expect.poll(unused, LIMIT).toEqual([]);
  expect((await rightsAsked()).filter(({ code }) => code === 403)).toEqual([]);
});

test('an apply that creates needs the right to create', async () => {
  const patchOnly = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'patch-only' }, rules: [{ apiGroups: ['', 'networking.k8s.io', 'cdi.kubevirt.io', 'kubevirt.io'], resources: APPLIED, verbs: ['patch'] }] };
  const subjects = [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'patcher' }];
  await cluster.admin.apply(pathOf(patchOnly), patchOnly);
  const binding = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'patch-only' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'patch-only' }, subjects };
  await cluster.admin.apply(pathOf(binding as unknown as Manifest), binding);
  const client = kubeClient({ kubeconfig: await cluster.plane.kubeconfigOf('patcher') });
  try {
    const { objects } = rendered('0000000000aa');
    await cluster.admin.ensure('/api/v1/namespaces', { metadata: { name: namespaceOf('0000000000aa') } });
    // so that what is refused below is the creation, and not a patch of which the authorizer has not heard yet
    const rules = ['', 'networking.k8s.io', 'cdi.kubevirt.io', 'kubevirt.io'].map((group) => ({ user: 'patcher', resourceAttributes: { verb: 'patch', group, resource: 'datavolumes' } }));
    await expect.poll(async () => Promise.all(rules.map(async (spec) => mayDo(cluster.admin, spec))), LIMIT).toEqual(rules.map(() => true));
    for (const kind of ['LimitRange', 'ResourceQuota', 'NetworkPolicy', 'Secret', 'DataVolume', 'VirtualMachine']) {
      await expect(client.apply(ofKind(objects, kind))).rejects.toThrow('HTTP 403');
    }
  } finally {
    client.close();
    await cluster.admin.delete(`/api/v1/namespaces/${namespaceOf('0000000000aa')}`);
  }
});

test('the provider may clone golden images, and nobody else\'s', async () => {
  const clone = { verb: 'create', group: 'cdi.kubevirt.io', resource: 'datavolumes', subresource: 'source' };
  const allowed = async (namespace: string) => mayDo(cluster.admin, { user: PROVIDER, groups: GROUPS, resourceAttributes: { namespace, ...clone } });
  expect([await allowed('proofgrid-images'), await allowed('default')]).toEqual([true, false]);
});

/** Everything that happens to a lease whose run goes well; capacity and address are the cluster's. */
async function wholeLease(): Promise<void> {
  const subject = provider({ kubeconfig: as(PROVIDER), site: site({ capacity: undefined, network: { type: 'bridge', virtualAddresses: ['127.77.0.1'] } }) });
  await subject.capacity();
  const asked = request(1, { virtualAddress: true });
  const lease = await subject.acquire(asked, progress());
  await subject.heartbeat(lease);
  await subject.keep(lease, 120_000);
  expect((await subject.find(lease.id, asked.directory))?.id).toBe(lease.id);
  await expect.poll(async () => subject.console?.read(lease, 'm1'), LIMIT).toContain('Server listening');
  const client = kubeClient({ kubeconfig: as(PROVIDER) });
  (await openPort(client, namespaceOf(lease.id), 'm1', 22)).destroy();
  client.close();
  await subject.pause?.pause(lease, 'm1');
  await subject.pause?.resume(lease, 'm1', progress());
  await subject.release(lease);
}

/** Restored twice: the first restore leaves DataVolumes behind, every other one claims. */
async function checkpointedLease(): Promise<void> {
  const network = { type: 'multus', definition: 'proofgrid/cells', subnet: '192.0.2.0/24', first: '192.0.2.16', last: '192.0.2.31' };
  const subject = provider({ kubeconfig: as(PROVIDER), site: site({ network }) });
  const lease = await subject.acquire(request(1), progress());
  const checkpoints = await subject.checkpoints?.(lease);
  if (checkpoints === undefined || 'missing' in checkpoints) throw new Error(checkpoints?.missing ?? 'no checkpoints');
  await checkpoints.take('one', progress());
  await checkpoints.restore('one', progress());
  await checkpoints.restore('one', progress());
  await checkpoints.remove('one');
  await subject.release(lease);
}

/** A machine that never comes: its diagnosis reads what nobody reads otherwise. */
async function failedLease(): Promise<void> {
  cluster.double.fault('*', '*', 'never-scheduled');
  try {
    const { limits, end } = patience();
    const failed = expect(provider({ kubeconfig: as(PROVIDER), limits }).acquire(request(1, { cell: 'fails' }), progress())).rejects.toThrow('MACHINE_NOT_READY');
    const states = async () => (await cluster.admin.list('/apis/kubevirt.io/v1/virtualmachines?labelSelector=proofgrid.dev/cell=fails')).map(({ status }) => status?.printableStatus as string);
    await expect.poll(states, LIMIT).toEqual(['ErrorUnschedulable']);
    end('scheduled');
    await failed;
  } finally {
    cluster.double.fault('*', '*', undefined);
  }
}

/** What a runner that is a pod leaves in its own namespace, as acquire, release and reap use it. */
async function runnersShadow(): Promise<void> {
  const { objects } = rendered('0000000000bb');
  const shadow = ofKind(objects, 'Lease');
  const place = { kind: 'Lease', namespace: 'proofgrid', name: shadow.metadata.name } as const;
  await withClient(PROVIDER, async (client) => {
    await client.apply(shadow);
    // there or not: it is of a pod that does not exist, which the garbage collector may have noticed
    await client.get(place);
    expect(await client.get({ kind: 'Pod', namespace: 'proofgrid', name: 'runner' })).toBeUndefined();
    await client.remove(place);
  });
}

/** A lease whose runner is gone and whose disk has a finalizer that nobody takes away. */
async function orphanThatHangs(): Promise<void> {
  const { objects, request: { lease } } = rendered('0000000000cc');
  const namespace = namespaceOf(lease);
  const disk = `/apis/cdi.kubevirt.io/v1beta1/namespaces/${namespace}/datavolumes/held`;
  await withClient(PROVIDER, (client) => client.create(ofKind(objects, 'Namespace')));
  await cluster.admin.apply(disk, { apiVersion: 'cdi.kubevirt.io/v1beta1', kind: 'DataVolume', metadata: { name: 'held', namespace, finalizers: ['example.com/held'] }, spec: { source: { blank: {} }, storage: { resources: { requests: { storage: '1Gi' } } } } });
  const reservation = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'proofgrid-address-127.77.0.1', namespace: 'proofgrid', labels: { 'proofgrid.dev/lease': '0000000000dd', 'proofgrid.dev/site': 'test' } } };
  await cluster.admin.apply(`/apis/coordination.k8s.io/v1/namespaces/proofgrid/leases/${reservation.metadata.name}`, reservation);
  const later = { dryRun: false, now: new Date(Date.now() + 3_600_000) };
  expect(await provider({ kubeconfig: as(PROVIDER) }).reap({ ...later, dryRun: true })).toMatchObject([{ id: lease }]);
  const reaper = provider({ kubeconfig: as(REAPER), removalLimitMs: 3000, site: site({ network: { type: 'bridge', virtualAddresses: ['127.77.0.1'] } }) });
  const [reaped] = await reaper.reap(later);
  expect(reaped).toMatchObject({ id: lease });
  expect(reaped?.remaining?.join('\n')).toContain('DataVolume/held waits for the finalizer example.com/held');
  await cluster.admin.merge(disk, { metadata: { finalizers: null } });
  await reaper.reap(later);
}

function rendered(lease: string): { objects: readonly KubeObject[]; request: CellObjects } {
  const cell: CellObjects = {
    ...{ lease, cell: 'rbac', os: 'debian-12', created: new Date(), timeToLive: 120_000, authorizedKey: 'ssh-ed25519 AAAA' },
    owner: { run: 'rbac', pid: 1, startTime: '1', bootId: 'elsewhere', pidNamespace: 'elsewhere' },
    runnerPod: { name: 'runner', namespace: 'proofgrid', uid: '00000000-0000-0000-0000-000000000000' },
    machines: [{ name: 'm1', roles: ['etcd', 'control-plane', 'worker'], cpus: 1, memory: 2 ** 30, hostKey: { privateKey: 'x', publicKey: 'y' } }],
  };
  return { objects: renderCell(cell, site()), request: cell };
}

function ofKind(objects: readonly KubeObject[], kind: string): KubeObject {
  const found = objects.find((object) => object.kind === kind);
  if (found === undefined) throw new Error(`the templates make no ${kind}`);
  return found;
}

async function withClient(user: string, work: (client: KubeClient) => Promise<unknown>): Promise<void> {
  const client = kubeClient({ kubeconfig: as(user) });
  try {
    await work(client);
  } finally {
    client.close();
  }
}

/** `user: verb group/resource` of every rule that is bound. */
async function grants(): Promise<string[]> {
  const all = [...(await manifests('rbac.yaml')), ...(await manifests('golden-images.yaml'))];
  return all.filter(({ roleRef }) => roleRef !== undefined).flatMap(({ roleRef, subjects = [] }) => {
    const { rules = [] } = all.find(({ rules, metadata }) => rules !== undefined && metadata.name === roleRef?.name) ?? {};
    return rules.flatMap(({ apiGroups, resources, verbs }) => subjects.flatMap(({ name }) => verbs.flatMap((verb) => resources.flatMap((resource) => apiGroups.map((group) => `system:serviceaccount:proofgrid:${name}: ${verb} ${group}/${resource}`)))));
  });
}

async function rightsAsked(): Promise<{ right: string; code: number }[]> {
  const ours = (await audited(cluster.plane)).filter(({ user: { username } }) => username.startsWith('system:serviceaccount:proofgrid'));
  return ours.map(({ user: { username }, verb, objectRef: { apiGroup = '', resource = '', subresource } = {}, responseStatus }) => ({
    right: `${username}: ${verb} ${apiGroup}/${resource}${subresource === undefined ? '' : `/${subresource}`}`,
    code: responseStatus?.code ?? 0,
  }));
}
