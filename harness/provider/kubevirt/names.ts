/** On every object of a lease; a namespace without the first two is not ours. */
export const LABEL = {
  lease: 'proofgrid.dev/lease',
  cell: 'proofgrid.dev/cell',
  run: 'proofgrid.dev/run',
  site: 'proofgrid.dev/site',
  /** On virtual machines, their pods, disks and secrets. */
  machine: 'proofgrid.dev/machine',
  /** Name of the checkpoint, on the snapshots that it is made of and on restores from it. */
  checkpoint: 'proofgrid.dev/checkpoint',
  managedBy: 'app.kubernetes.io/managed-by',
} as const;

/** `proofgrid.dev/role-etcd: "true"`, on virtual machines and their pods. */
export const roleLabel = (role: string): string => `proofgrid.dev/role-${role}`;

export const MANAGER = 'proofgrid';

/** On the namespace. */
export const ANNOTATION = {
  /** RFC 3339, when the owner last said that it lives. */
  heartbeat: 'proofgrid.dev/heartbeat',
  /** RFC 3339, from when on anyone may reap. */
  expires: 'proofgrid.dev/expires',
  /** JSON: `LeaseOwner`. */
  owner: 'proofgrid.dev/owner',
  /** RFC 3339. */
  created: 'proofgrid.dev/created',
  /** Milliseconds. */
  timeToLive: 'proofgrid.dev/time-to-live',
  /** `true` for a lease that outlives its run on purpose. */
  kept: 'proofgrid.dev/kept',
  /** Names of the machines, comma-separated. */
  machines: 'proofgrid.dev/machines',
} as const;

const PREFIX = 'proofgrid-';

export const namespaceOf = (lease: string): string => PREFIX + lease;

/** Names of one machine's objects in the cell's namespace. The virtual machine has the machine's own name. */
export const machineObjects = (machine: string) => ({
  cloudInit: `cloud-init-${machine}`,
  rootDisk: `root-${machine}`,
  etcdDisk: `etcd-${machine}`,
});
