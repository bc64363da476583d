import type { ApiObject } from '../api-client.ts';

export const PROVISIONER = 'double.test/disk';
export const SNAPSHOT_CLASS = 'standard-snapshots';
/** Storage class that every test cluster has, and the cluster's default: bound at once, filled without populators. */
export const STORAGE_CLASS = 'standard';

interface Kind {
  /** Binding waits until a pod that uses the claim has a node. */
  readonly waits: boolean;
  /** CDI's populators: for the classes of CSI drivers (storageClassCSIDriverExists, CDI pkg/controller/datavolume/controller-base.go). */
  readonly populators: boolean;
}

/** By name. */
export const STORAGE_CLASSES: Readonly<Record<string, Kind>> = {
  [STORAGE_CLASS]: { waits: false, populators: false },
  csi: { waits: false, populators: true },
  'csi-waits': { waits: true, populators: true },
  'local-waits': { waits: true, populators: false },
};

/** Of a claim, or of a DataVolume. */
export function storageClassOf(object: ApiObject): Kind {
  const { storage, storageClassName = storage?.storageClassName } = object['spec'] as { storage?: { storageClassName?: string }; storageClassName?: string };
  const found = STORAGE_CLASSES[storageClassName ?? STORAGE_CLASS];
  if (found === undefined) throw new Error(`the double has no storage class ${storageClassName ?? ''}`);
  return found;
}

/** What the scheduler writes on a claim that waits (AnnSelectedNode, k8s.io/component-helpers/storage/volume/pv_helpers.go). */
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node';
const IMMEDIATE = 'cdi.kubevirt.io/storage.bind.immediate.requested';

/** shouldBeMarkedPendingPopulation, CDI pkg/controller/datavolume/controller-base.go; claimReadyForPopulation, pkg/controller/populators/util.go. */
export function waitsForConsumer(claim: ApiObject): boolean {
  const { annotations = {} } = claim.metadata;
  return storageClassOf(claim).waits && annotations[SELECTED_NODE] === undefined && annotations[IMMEDIATE] === undefined;
}
