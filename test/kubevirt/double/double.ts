import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { parse } from 'yaml';
import { readdir, readFile } from 'node:fs/promises';
import { ApiClient } from '../api-client.ts';
import type { ControlPlane } from '../control-plane.ts';
import type { Backend } from './backend.ts';
import { Cache } from './cache.ts';
import type { Context, Fault } from './context.ts';
import { stepClaim, stepDataVolume, stepVolume } from './disk.ts';
import { stepInstance } from './instance.ts';
import { KINDS } from './kinds.ts';
import { startKubelet } from './kubelet.ts';
import { stepPod } from './node.ts';
import { stepRestore } from './restore.ts';
import { stepSnapshot } from './snapshot.ts';
import { PROVISIONER, SNAPSHOT_CLASS, STORAGE_CLASS, STORAGE_CLASSES } from './storage-class.ts';
import { startVirtApi } from './virt-api.ts';
import { stepVirtualMachine } from './virtual-machine.ts';

/** Plays virt-controller, virt-handler, CDI, a provisioner, the scheduler and one kubelet. The only double of the tests. */
export interface Double {
  readonly node: string;
  /** Of machines that are created from now on; names are those of virtual machines, `*` is every one, of namespaces too. */
  fault(namespace: string, machine: string, fault: Fault | undefined): void;
  /** The guest ends by itself, as after a kernel panic. */
  die(namespace: string, machine: string): Promise<void>;
  /** KubeVirt's feature gate `Snapshot`; open at first. */
  snapshotGate(open: boolean): void;
  /** A file of a guest's root disk as the host sees it, whatever the guest does. */
  outside(namespace: string, machine: string, file: string): Promise<string>;
  /** What did not work and was tried again; for the message of a failed test. */
  readonly problems: readonly string[];
  stop(): Promise<void>;
}

const NODE = 'node-of-the-double';

export async function startDouble(plane: ControlPlane, backend: Backend): Promise<Double> {
  const client = await ApiClient.connect(plane.kubeconfig);
  await installDefinitions(client);
  const abort = new AbortController();
  // one for each watch
  setMaxListeners(2 * Object.keys(KINDS).length, abort.signal);
  const problems: string[] = [];
  const faults = new Map<string, Fault>();
  const dirty = new Set<string>();
  const working = new Map<string, Promise<void>>();

  const namespaces = new Set<string>();
  const enqueue = (namespace: string) => {
    namespaces.add(namespace);
    dirty.add(namespace);
    if (working.has(namespace) || abort.signal.aborted) return;
    working.set(
      namespace,
      (async () => {
        while (dirty.delete(namespace) && !abort.signal.aborted) {
          const complaints = await stepNamespace(context, namespace);
          if (complaints.length === 0) continue;
          problems.push(...complaints);
          await delay(100, undefined, { signal: abort.signal }).catch(() => undefined);
          dirty.add(namespace);
        }
      })().finally(() => working.delete(namespace)),
    );
  };
  // what has no namespace concerns every machine
  const everywhere = () => new Set(cache.all('VirtualMachine').map(({ metadata }) => metadata.namespace ?? ''));
  const cache: Cache = new Cache(client, (namespace) => (namespace === '' ? everywhere().forEach(enqueue) : enqueue(namespace)));
  const context: Context = {
    ...{ client, cache, backend, node: NODE, guests: new Map(), made: new Set(), snapshotGate: true, enqueue },
    faultOf: (namespace, machine) => faults.get(`${namespace}/${machine}`) ?? faults.get(`${namespace}/*`) ?? faults.get(`*/${machine}`) ?? faults.get('*/*'),
  };
  const kubelet = await startKubelet(plane, context);
  const virtApi = await startVirtApi(plane, context);
  await registerNode(client, kubelet.port);
  const following = cache.run(abort.signal);
  return {
    node: NODE,
    problems,
    fault: (namespace, machine, fault) => {
      if (fault === undefined) faults.delete(`${namespace}/${machine}`);
      else faults.set(`${namespace}/${machine}`, fault);
      for (const { metadata } of cache.all('VirtualMachine')) enqueue(metadata.namespace ?? '');
    },
    async die(namespace, machine) {
      const pod = cache.in('Pod', namespace).find(({ metadata }) => metadata.ownerReferences?.[0]?.name === machine);
      const guest = context.guests.get(pod?.metadata.uid ?? '');
      if (guest === undefined) throw new Error(`no guest ${namespace}/${machine}`);
      await backend.stop(namespace, machine);
      guest.state = 'ended';
      guest.reason = 'Error';
      enqueue(namespace);
    },
    snapshotGate: (open) => {
      context.snapshotGate = open;
    },
    outside: async (namespace, machine, file) => backend.outside(namespace, machine, file),
    async stop() {
      abort.abort();
      await Promise.all([following, ...working.values()]);
      await Promise.all([kubelet.stop(), virtApi.stop()]);
      await Promise.all([...namespaces].map(async (namespace) => backend.clear(namespace)));
      client.close();
    },
  };
}

/** One step of everything in a namespace. Resolves with what failed. */
export async function stepNamespace(context: Context, namespace: string): Promise<string[]> {
  const { cache } = context;
  const claims = cache.all('PersistentVolume').filter(({ spec }) => spec.claimRef?.namespace === namespace);
  const results = await Promise.allSettled([
    ...cache.in('DataVolume', namespace).map(async (object) => stepDataVolume(context, object)),
    ...cache.in('PersistentVolumeClaim', namespace).map(async (object) => stepClaim(context, object)),
    ...claims.map(async (object) => stepVolume(context, object)),
    ...cache.in('VirtualMachine', namespace).map(async (object) => stepVirtualMachine(context, object)),
    ...cache.in('VirtualMachineInstance', namespace).map(async (object) => stepInstance(context, object)),
    ...cache.in('VirtualMachineSnapshot', namespace).map(async (object) => stepSnapshot(context, object)),
    ...cache.in('VirtualMachineRestore', namespace).map(async (object) => stepRestore(context, object)),
    ...cache.in('Pod', namespace).map(async (object) => stepPod(context, object)),
    stopOrphans(context, namespace),
  ]);
  return results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []));
}

/** Guests whose pod was removed without a goodbye. */
async function stopOrphans({ cache, guests, backend, enqueue }: Context, namespace: string): Promise<void> {
  const pods = cache.in('Pod', namespace);
  for (const [uid, guest] of guests) {
    if (guest.namespace !== namespace || pods.some(({ metadata }) => metadata.uid === uid)) continue;
    await backend.stop(namespace, guest.machine);
    guests.delete(uid);
    enqueue(namespace);
  }
  if (pods.length === 0 && cache.in('VirtualMachine', namespace).length === 0) await backend.clear(namespace);
}

interface Definition {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly group: string; readonly names: { readonly plural: string }; readonly versions: readonly { readonly name: string; readonly served: boolean }[] };
}

function collectionOf({ spec: { group, names, versions } }: Definition): string {
  return `/apis/${group}/${versions.find(({ served }) => served)?.name ?? ''}/${names.plural}`;
}

async function installDefinitions(client: ApiClient): Promise<void> {
  const directory = new URL('../crds/', import.meta.url);
  const files = (await readdir(directory)).filter((name) => name.endsWith('.yaml'));
  const definitions = await Promise.all(files.map(async (name) => parse(await readFile(new URL(name, directory), 'utf8')) as Definition));
  const at = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  await Promise.all(definitions.map(async (definition) => client.ensure(at, definition)));
  for (const definition of definitions) {
    const { metadata } = definition;
    for (;;) {
      const conditions = ((await client.get(`${at}/${metadata.name}`))['status']?.conditions ?? []) as { type: string; status: string; message?: string }[];
      // established is what it says of itself; it serves a moment later
      const served = conditions.some(({ type, status }) => type === 'Established' && status === 'True') && (await client.find(collectionOf(definition))) !== undefined;
      if (served) break;
      const refused = conditions.find(({ type, status }) => type === 'NonStructuralSchema' && status === 'True');
      if (refused !== undefined) throw new Error(`${metadata.name}: ${refused.message ?? ''}`);
      await delay(50);
    }
  }
  for (const [name, { waits }] of Object.entries(STORAGE_CLASSES)) {
    await client.ensure('/apis/storage.k8s.io/v1/storageclasses', {
      metadata: { name, annotations: { 'storageclass.kubernetes.io/is-default-class': String(name === STORAGE_CLASS) } },
      provisioner: PROVISIONER,
      volumeBindingMode: waits ? 'WaitForFirstConsumer' : 'Immediate',
    });
  }
  await client.ensure(KINDS.VolumeSnapshotClass, { apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshotClass', metadata: { name: SNAPSHOT_CLASS }, driver: PROVISIONER, deletionPolicy: 'Delete' });
}

async function registerNode(client: ApiClient, port: number): Promise<void> {
  await client.ensure('/api/v1/nodes', { metadata: { name: NODE, labels: { 'kubernetes.io/hostname': NODE, 'kubevirt.io/schedulable': 'true' } } });
  await client.merge(`/api/v1/nodes/${NODE}/status`, {
    status: {
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port: port } },
      capacity: { cpu: '64', memory: '256Gi', pods: '250' },
      allocatable: { cpu: '64', memory: '256Gi', pods: '250', 'devices.kubevirt.io/kvm': '1k' },
      conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'the double is ready' }],
    },
  });
}
