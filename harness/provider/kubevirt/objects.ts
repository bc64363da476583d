/**
 * The objects of a cell, as far as we write or read them. Field names and phases are those of kubevirt.io/v1,
 * cdi.kubevirt.io/v1beta1 and Kubernetes; schema/kubevirt-shapes.json has the published shapes that everything is checked against.
 */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly finalizers?: readonly string[];
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string | null;
}

export interface Namespace extends KubeObject {
  readonly kind: 'Namespace';
  readonly status?: { readonly phase?: 'Active' | 'Terminating'; readonly conditions?: readonly Condition[] };
}

export interface ResourceQuota extends KubeObject {
  readonly kind: 'ResourceQuota';
  readonly spec: { readonly hard?: Readonly<Record<string, string>> };
  /** What admission goes by; the quota controller writes it. */
  readonly status?: { readonly hard?: Readonly<Record<string, string>>; readonly used?: Readonly<Record<string, string>> };
}

export interface DataVolume extends KubeObject {
  readonly kind: 'DataVolume';
  readonly spec: {
    readonly source?: DataVolumeSource;
    readonly sourceRef?: { readonly kind: 'DataSource'; readonly name: string; readonly namespace?: string };
    readonly priorityClassName?: string;
    readonly storage: {
      readonly resources: { readonly requests: { readonly storage: string } };
      readonly storageClassName?: string;
      readonly accessModes?: readonly string[];
      readonly volumeMode?: 'Block' | 'Filesystem';
    };
  };
  readonly status?: {
    readonly phase?: DataVolumePhase;
    /** `42.00%` or `N/A`. */
    readonly progress?: string;
    readonly claimName?: string;
    readonly restartCount?: number;
    readonly conditions?: readonly Condition[];
  };
}

export interface DataVolumeSource {
  readonly blank?: Readonly<Record<string, never>>;
  readonly pvc?: { readonly namespace: string; readonly name: string };
  readonly registry?: {
    readonly url: string;
    readonly pullMethod?: 'node' | 'pod';
    readonly secretRef?: string;
    readonly certConfigMap?: string;
  };
}

/** https://github.com/kubevirt/containerized-data-importer/blob/main/doc/datavolumes.md#statusphase */
export type DataVolumePhase =
  | ''
  | 'Pending'
  | 'PVCBound'
  | 'ImportScheduled'
  | 'ImportInProgress'
  | 'CloneScheduled'
  | 'CloneInProgress'
  | 'SnapshotForSmartCloneInProgress'
  | 'CloneFromSnapshotSourceInProgress'
  | 'SmartClonePVCInProgress'
  | 'CSICloneInProgress'
  | 'CSICloneInPro'
  | 'ExpansionInProgress'
  | 'NamespaceTransferInProgress'
  | 'PrepClaimInProgress'
  | 'RebindInProgress'
  | 'UploadScheduled'
  | 'UploadReady'
  | 'WaitForFirstConsumer'
  | 'PendingPopulation'
  | 'ImagePullFailed'
  | 'Paused'
  | 'Succeeded'
  | 'Failed'
  | 'Unknown';

/** `Once` runs a machine and leaves it down when it dies; `Halted` takes it down. See docs/decisions/0101. */
export type RunStrategy = 'Always' | 'Halted' | 'Manual' | 'Once' | 'RerunOnFailure';

export interface VirtualMachine extends KubeObject {
  readonly kind: 'VirtualMachine';
  readonly spec: {
    readonly runStrategy: RunStrategy;
    readonly template: {
      readonly metadata?: Pick<ObjectMeta, 'labels' | 'annotations'>;
      readonly spec: VirtualMachineInstanceSpec;
    };
  };
  readonly status?: {
    readonly created?: boolean;
    readonly ready?: boolean;
    /** `Stopped`, `Provisioning`, `Starting`, `Running`, `Paused`, `Stopping`, `ErrorUnschedulable`, `DataVolumeError`, … */
    readonly printableStatus?: string;
    readonly conditions?: readonly Condition[];
    readonly startFailure?: { readonly consecutiveFailCount?: number; readonly lastFailedVMIUID?: string };
    /** Names of the snapshot and the restore that have the machine: until they are through, KubeVirt refuses to start it. */
    readonly snapshotInProgress?: string;
    readonly restoreInProgress?: string;
    /** KubeVirt's own word on each volume. */
    readonly volumeSnapshotStatuses?: readonly { readonly name: string; readonly enabled: boolean; readonly reason?: string }[];
  };
}

interface MachineReference {
  readonly apiGroup: 'kubevirt.io';
  readonly kind: 'VirtualMachine';
  readonly name: string;
}

export interface VirtualMachineSnapshot extends KubeObject {
  readonly kind: 'VirtualMachineSnapshot';
  /** `failureDeadline`: a Go duration. */
  readonly spec: { readonly source: MachineReference; readonly failureDeadline?: string };
  readonly status?: {
    readonly phase?: 'InProgress' | 'Succeeded' | 'Failed' | 'Deleting' | 'Unknown';
    readonly readyToUse?: boolean;
    readonly error?: { readonly message?: string };
    readonly conditions?: readonly Condition[];
    readonly snapshotVolumes?: { readonly includedVolumes?: readonly string[]; readonly excludedVolumes?: readonly string[] };
  };
}

export interface VirtualMachineRestore extends KubeObject {
  readonly kind: 'VirtualMachineRestore';
  readonly spec: { readonly target: MachineReference; readonly virtualMachineSnapshotName: string };
  readonly status?: {
    readonly complete?: boolean;
    readonly conditions?: readonly Condition[];
    readonly restores?: readonly { readonly volumeName: string; readonly persistentVolumeClaim: string }[];
  };
}

export interface VirtualMachineInstanceSpec {
  readonly domain: {
    readonly cpu?: { readonly cores?: number; readonly sockets?: number; readonly threads?: number; readonly model?: string; readonly maxSockets?: number };
    readonly memory?: { readonly guest?: string; readonly maxGuest?: string };
    readonly resources?: {
      readonly requests?: Readonly<Record<string, string>>;
      readonly limits?: Readonly<Record<string, string>>;
    };
    readonly firmware?: { readonly uuid?: string };
    readonly devices: {
      readonly disks?: readonly Disk[];
      readonly interfaces?: readonly Interface[];
      readonly [device: string]: unknown;
    };
  };
  readonly networks?: readonly Network[];
  readonly volumes?: readonly Volume[];
  readonly hostname?: string;
  readonly terminationGracePeriodSeconds?: number;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly priorityClassName?: string;
  readonly [field: string]: unknown;
}

export interface Disk {
  readonly name: string;
  readonly serial?: string;
  readonly bootOrder?: number;
  readonly disk?: { readonly bus?: string };
  readonly [field: string]: unknown;
}

export interface Interface {
  readonly name: string;
  readonly model?: string;
  readonly macAddress?: string;
  readonly bridge?: Readonly<Record<string, never>>;
  readonly masquerade?: Readonly<Record<string, never>>;
  readonly [field: string]: unknown;
}

export interface Network {
  readonly name: string;
  readonly pod?: Readonly<Record<string, never>>;
  readonly multus?: { readonly networkName: string; readonly default?: boolean };
}

/** Exactly one of the sources. */
export interface Volume {
  readonly name: string;
  readonly dataVolume?: { readonly name: string };
  readonly persistentVolumeClaim?: { readonly claimName: string };
  readonly containerDisk?: { readonly image: string; readonly imagePullSecret?: string; readonly imagePullPolicy?: string };
  readonly emptyDisk?: { readonly capacity: string };
  readonly cloudInitNoCloud?: { readonly secretRef?: { readonly name: string }; readonly networkDataSecretRef?: { readonly name: string } };
}

export type VirtualMachineInstancePhase =
  | ''
  | 'Pending'
  | 'Scheduling'
  | 'Scheduled'
  | 'Running'
  | 'Succeeded'
  | 'Failed'
  | 'WaitingForSync'
  | 'Unknown';

export interface VirtualMachineInstance extends KubeObject {
  readonly kind: 'VirtualMachineInstance';
  readonly spec: VirtualMachineInstanceSpec;
  readonly status?: {
    readonly phase?: VirtualMachineInstancePhase;
    readonly nodeName?: string;
    readonly reason?: string;
    /** `Ready`, `PodScheduled`, `DataVolumesReady`, `AgentConnected`, `Paused`, `LiveMigratable`, `Provisioning`, `Synchronized`, … */
    readonly conditions?: readonly Condition[];
    readonly interfaces?: readonly {
      readonly name?: string;
      readonly interfaceName?: string;
      readonly ipAddress?: string;
      readonly ipAddresses?: readonly string[];
      readonly mac?: string;
      /** `domain`, `guest-agent`, `multus-status`, comma-separated. */
      readonly infoSource?: string;
    }[];
    readonly guestOSInfo?: Readonly<Record<string, string>>;
    /** Pod uid → node. */
    readonly activePods?: Readonly<Record<string, string>>;
    readonly phaseTransitionTimestamps?: readonly { readonly phase: string; readonly phaseTransitionTimestamp: string }[];
  };
}

/** Where the API server has each kind of object that a provider touches. */
export const RESOURCES = {
  Namespace: { apiVersion: 'v1', plural: 'namespaces', namespaced: false },
  ResourceQuota: { apiVersion: 'v1', plural: 'resourcequotas', namespaced: true },
  LimitRange: { apiVersion: 'v1', plural: 'limitranges', namespaced: true },
  Secret: { apiVersion: 'v1', plural: 'secrets', namespaced: true },
  Pod: { apiVersion: 'v1', plural: 'pods', namespaced: true },
  Event: { apiVersion: 'v1', plural: 'events', namespaced: true },
  Node: { apiVersion: 'v1', plural: 'nodes', namespaced: false },
  PersistentVolumeClaim: { apiVersion: 'v1', plural: 'persistentvolumeclaims', namespaced: true },
  NetworkPolicy: { apiVersion: 'networking.k8s.io/v1', plural: 'networkpolicies', namespaced: true },
  Lease: { apiVersion: 'coordination.k8s.io/v1', plural: 'leases', namespaced: true },
  DataVolume: { apiVersion: 'cdi.kubevirt.io/v1beta1', plural: 'datavolumes', namespaced: true },
  VirtualMachine: { apiVersion: 'kubevirt.io/v1', plural: 'virtualmachines', namespaced: true },
  VirtualMachineInstance: { apiVersion: 'kubevirt.io/v1', plural: 'virtualmachineinstances', namespaced: true },
  VirtualMachineSnapshot: { apiVersion: 'snapshot.kubevirt.io/v1beta1', plural: 'virtualmachinesnapshots', namespaced: true },
  VirtualMachineRestore: { apiVersion: 'snapshot.kubevirt.io/v1beta1', plural: 'virtualmachinerestores', namespaced: true },
} as const;

export type ResourceKind = keyof typeof RESOURCES;
