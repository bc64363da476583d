/** What the double watches, and where the API server has it. */
export const KINDS = {
  DataVolume: '/apis/cdi.kubevirt.io/v1beta1/datavolumes',
  PersistentVolumeClaim: '/api/v1/persistentvolumeclaims',
  PersistentVolume: '/api/v1/persistentvolumes',
  VirtualMachine: '/apis/kubevirt.io/v1/virtualmachines',
  VirtualMachineInstance: '/apis/kubevirt.io/v1/virtualmachineinstances',
  Pod: '/api/v1/pods',
} as const;

export type Kind = keyof typeof KINDS;

/** Path of a namespaced collection, or of one object in it. */
export function path(kind: Exclude<Kind, 'PersistentVolume'>, namespace: string, name?: string): string {
  const all = KINDS[kind];
  const slash = all.lastIndexOf('/');
  const collection = `${all.slice(0, slash)}/namespaces/${namespace}${all.slice(slash)}`;
  return name === undefined ? collection : `${collection}/${name}`;
}
