/** What the double watches, and where the API server has it. */
export const KINDS = {
  DataVolume: '/apis/cdi.kubevirt.io/v1beta1/datavolumes',
  PersistentVolumeClaim: '/api/v1/persistentvolumeclaims',
  PersistentVolume: '/api/v1/persistentvolumes',
  VirtualMachine: '/apis/kubevirt.io/v1/virtualmachines',
  VirtualMachineInstance: '/apis/kubevirt.io/v1/virtualmachineinstances',
  VirtualMachineSnapshot: '/apis/snapshot.kubevirt.io/v1beta1/virtualmachinesnapshots',
  VirtualMachineRestore: '/apis/snapshot.kubevirt.io/v1beta1/virtualmachinerestores',
  Pod: '/api/v1/pods',
  StorageClass: '/apis/storage.k8s.io/v1/storageclasses',
  VolumeSnapshotClass: '/apis/snapshot.storage.k8s.io/v1/volumesnapshotclasses',
} as const;

export type Kind = keyof typeof KINDS;

/** Path of a namespaced collection, or of one object in it. */
export function path(kind: Exclude<Kind, 'PersistentVolume' | 'StorageClass' | 'VolumeSnapshotClass'>, namespace: string, name?: string): string {
  const all = KINDS[kind];
  const slash = all.lastIndexOf('/');
  const collection = `${all.slice(0, slash)}/namespaces/${namespace}${all.slice(slash)}`;
  return name === undefined ? collection : `${collection}/${name}`;
}
