import { expect } from 'vitest';
import { podman } from '../provider/fixture.ts';
import { ApiClient, type ApiObject } from '../../kubevirt/api-client.ts';
import { path } from '../../kubevirt/double/kinds.ts';
import { waitFor } from '../../../harness/provider/wait.ts';
import { pidNamespace, processOwner } from '../../../harness/provider/owner.ts';

/** Other people's namespaces on the same cluster, with what is in them: nothing of ours may ever change them. */
export interface Neighbours {
  /** Fails when anything of theirs was changed, removed or made anew. */
  untouched(): Promise<void>;
  /** Everything else on the cluster that belongs to a lease; empty when nothing is left. */
  remains(): Promise<string[]>;
  /** Resolves when nothing is left: volumes go with their provisioner, after the namespace. */
  alone(): Promise<void>;
}

/** The living lease of another pipeline of our site, whose host nobody here can see. */
const PIPELINE = 'proofgrid-0000000000a1';
/** A lease of another site: expired, and its owner is dead. Its own site's reaper would remove it. */
const SITE = 'proofgrid-0000000000b2';
/** Not a lease at all, though it has our labels. */
const STRANGER = 'somebody-else';
const NAMES = [PIPELINE, SITE, STRANGER];

const LEASES = '/apis/coordination.k8s.io/v1/leases';
const COLLECTIONS = ['/api/v1/configmaps', '/api/v1/pods', '/api/v1/persistentvolumeclaims', '/apis/kubevirt.io/v1/virtualmachines', '/apis/kubevirt.io/v1/virtualmachineinstances', '/apis/cdi.kubevirt.io/v1beta1/datavolumes', LEASES];

/** Needs the double: the neighbours' machines run. */
export async function neighbours(admin: ApiClient): Promise<Neighbours> {
  const elsewhere = { ...processOwner('elsewhere'), bootId: 'another-host', pidNamespace: 'pid:[1]' };
  const dead = { ...processOwner('dead'), startTime: '1', pidNamespace: pidNamespace() };
  await furnishedLease(admin, PIPELINE, 'test', elsewhere, new Date(Date.now() + 86_400_000));
  await furnishedLease(admin, SITE, 'another-site', dead, new Date(Date.now() - 86_400_000));
  await admin.create('/api/v1/namespaces', { metadata: { name: STRANGER, labels: { 'proofgrid.dev/lease': 'not-ours', 'proofgrid.dev/site': 'test' } } });
  await furnish(admin, STRANGER);
  const phases = async () => Promise.all(NAMES.map(async (namespace) => (await admin.find(path('VirtualMachineInstance', namespace, 'theirs')))?.['status']?.phase as string | undefined));
  await until('the machines of the neighbours run', async () => (await phases()).every((phase) => phase === 'Running'));
  const before = await picture(admin);
  const remains = async () => remainsOf(admin);
  return {
    remains,
    async alone() {
      let left: string[] = [];
      const wait = until('nothing is left', async () => (left = await remains()).length === 0);
      await wait.catch((cause: unknown) => {
        throw new Error(`left on the cluster: ${left.join(', ')}`, { cause });
      });
    },
    untouched: async () => expect(await picture(admin), 'what belongs to others is as it was').toEqual(before),
  };
}

async function remainsOf(admin: ApiClient): Promise<string[]> {
  const namespaces = await admin.list('/api/v1/namespaces?labelSelector=proofgrid.dev/lease');
  const objects = await Promise.all(COLLECTIONS.map(async (collection) => admin.list(collection)));
  const volumes = await admin.list('/api/v1/persistentvolumes');
  const place = ({ metadata, spec }: ApiObject) => metadata.namespace ?? (spec as { claimRef?: { namespace?: string } } | undefined)?.claimRef?.namespace ?? metadata.name ?? '';
  const rest = [...namespaces, ...objects.flat(), ...volumes].filter((object) => /^proofgrid(-|$)/.test(place(object)) && !NAMES.includes(place(object)) && object.metadata.name !== 'kube-root-ca.crt');
  return rest.map(({ metadata }) => `${metadata.namespace ?? 'cluster'}/${metadata.name ?? ''}`);
}

/** For hooks, where nothing can be polled with an expectation; a hang ends. */
export async function until(name: string, attempt: () => Promise<boolean>): Promise<void> {
  await waitFor({ name, limitMs: 240_000, intervalMs: 100 }, async () => ((await attempt()) ? true : undefined));
}

/** A lease as its namespace describes it, with a machine that somebody else's controller runs. */
export async function furnishedLease(admin: ApiClient, name: string, site: string, owner: object, expires: Date): Promise<void> {
  await lease(admin, name, site, owner, expires);
  await furnish(admin, name);
}

/** Containers, networks and volumes of the double for the namespaces; one line each. */
export async function guestsOf(namespaces: readonly string[]): Promise<string[]> {
  const found = await Promise.all([
    podman('ps', '--all', '--format', '{{.Names}} {{.Labels}}'),
    podman('network', 'ls', '--format', '{{.Name}} {{.Labels}}'),
    podman('volume', 'ls', '--format', '{{.Name}} {{.Labels}}'),
  ]);
  return found.flatMap((text) => text.split('\n')).filter((line) => namespaces.some((namespace) => line.includes(`kubevirt-double-${namespace}`)));
}

async function lease(admin: ApiClient, name: string, site: string, owner: object, expires: Date): Promise<void> {
  const id = name.slice('proofgrid-'.length);
  const annotations = {
    'proofgrid.dev/owner': JSON.stringify(owner),
    'proofgrid.dev/created': new Date(0).toISOString(),
    'proofgrid.dev/heartbeat': new Date(0).toISOString(),
    'proofgrid.dev/expires': expires.toISOString(),
    'proofgrid.dev/time-to-live': '120000',
    'proofgrid.dev/kept': 'false',
    'proofgrid.dev/machines': 'theirs',
    'proofgrid.dev/admission': 'admitted',
    // it takes nothing of what the tests of capacity count
    'proofgrid.dev/demand': JSON.stringify({ cpus: 0, memory: 0 }),
  };
  await admin.create('/api/v1/namespaces', { metadata: { name, labels: { 'proofgrid.dev/lease': id, 'proofgrid.dev/site': site, 'proofgrid.dev/cell': 'theirs' }, annotations } });
}

async function furnish(admin: ApiClient, namespace: string): Promise<void> {
  // what Kubernetes' own controllers make belongs to the picture, too
  const given = ['serviceaccounts/default', 'configmaps/kube-root-ca.crt'];
  await until(`the namespace ${namespace} can be used`, async () => (await Promise.all(given.map(async (object) => admin.find(`/api/v1/namespaces/${namespace}/${object}`)))).every((found) => found !== undefined));
  await admin.create(`/api/v1/namespaces/${namespace}/configmaps`, { metadata: { name: 'theirs' }, data: { precious: 'yes' } });
  await admin.create(`/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`, { metadata: { name: 'theirs' }, spec: { holderIdentity: namespace } });
  await admin.create(path('DataVolume', namespace), {
    apiVersion: 'cdi.kubevirt.io/v1beta1',
    kind: 'DataVolume',
    metadata: { name: 'root-theirs', labels: { 'proofgrid.dev/machine': 'theirs' } },
    spec: { source: { blank: {} }, storage: { resources: { requests: { storage: '1Gi' } } } },
  });
  await admin.create(path('VirtualMachine', namespace), {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata: { name: 'theirs' },
    spec: {
      runStrategy: 'Once',
      template: {
        metadata: { labels: { 'proofgrid.dev/machine': 'theirs' } },
        spec: {
          terminationGracePeriodSeconds: 0,
          domain: { memory: { guest: '1Gi' }, devices: { interfaces: [{ name: 'cell', bridge: {} }], disks: [{ name: 'root', disk: { bus: 'virtio' } }] } },
          networks: [{ name: 'cell', pod: {} }],
          volumes: [{ name: 'root', dataVolume: { name: 'root-theirs' } }],
        },
      },
    },
  });
}

/** What identifies each of their objects and what is in it; without what Kubernetes' own controllers write meanwhile. */
async function picture(admin: ApiClient): Promise<object[]> {
  const namespaces = await Promise.all(NAMES.map(async (name) => admin.find(`/api/v1/namespaces/${name}`)));
  const objects = await Promise.all(COLLECTIONS.map(async (collection) => admin.list(collection)));
  const theirs = objects.flat().filter(({ metadata }) => NAMES.includes(metadata.namespace ?? ''));
  return [...namespaces, ...theirs]
    .map((object) => {
      const { uid, name, labels, annotations, deletionTimestamp, finalizers } = object?.metadata ?? {};
      return { ...{ uid, name, labels, annotations, deletionTimestamp, finalizers }, spec: object?.['spec'] as unknown, data: object?.['data'] as unknown, phase: object?.['status']?.phase as unknown };
    })
    .toSorted((a, b) => String(a.uid).localeCompare(String(b.uid)));
}
