import type { KubeClient } from './kube/client.ts';
import { mirror } from './kube/mirror.ts';
import { LABEL } from './names.ts';
import type { DataVolume, KubeObject, VirtualMachineInstance } from './objects.ts';
import type { Claim, MachineView, Pod } from './stage.ts';

/** A live picture of one cell's namespace. */
export interface CellView {
  machine(name: string): MachineView;
  /** Resolves at the next change, or after `limitMs`. */
  changed(limitMs: number): Promise<void>;
}

/** Watches, until the signal aborts, what tells how far machines have come. */
export async function watchCell(client: KubeClient, namespace: string, until: AbortSignal): Promise<CellView> {
  const failed = new AbortController();
  const signal = AbortSignal.any([until, failed.signal]);
  const waiting = new Set<() => void>();
  const options = {
    signal,
    changed: () => {
      for (const wake of [...waiting]) wake();
    },
  };
  const instances = mirror<VirtualMachineInstance>(client, { kind: 'VirtualMachineInstance', namespace }, options);
  const pods = mirror<Pod>(client, { kind: 'Pod', namespace }, { ...options, labelSelector: 'kubevirt.io=virt-launcher' });
  const volumes = mirror<DataVolume>(client, { kind: 'DataVolume', namespace }, options);
  const claims = mirror<Claim>(client, { kind: 'PersistentVolumeClaim', namespace }, options);
  await Promise.all([instances, pods, volumes, claims].map(({ synced }) => synced)).catch((error: unknown) => {
    // one that is refused must not leave the other three watching
    failed.abort(error);
    throw error;
  });
  const known = new Map<string, string>();
  return {
    machine(name) {
      const instance = instances.find(name);
      const uid = instance?.metadata.uid;
      if (uid !== undefined && !known.has(name)) known.set(name, uid);
      return {
        instance,
        pod: newest(pods.items.filter((pod) => machineOf(pod) === name)),
        dataVolumes: volumes.items.filter((volume) => machineOf(volume) === name),
        claims: claims.items,
        knownUid: known.get(name),
      };
    },
    changed: (limitMs) =>
      new Promise((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          waiting.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        const timer = setTimeout(wake, limitMs);
        waiting.add(wake);
        signal.addEventListener('abort', wake);
        if (signal.aborted) wake();
      }),
  };
}

/** KubeVirt copies the template's labels to the pod, and names the machine in one of its own since 1.0. */
export function machineOf({ metadata: { labels = {}, annotations = {} } }: KubeObject): string | undefined {
  return labels[LABEL.machine] ?? labels['vm.kubevirt.io/name'] ?? annotations['kubevirt.io/domain'];
}

function newest(pods: readonly Pod[]): Pod | undefined {
  return pods.toSorted((a, b) => (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? ''))[0];
}
