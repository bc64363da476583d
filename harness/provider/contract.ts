import type { Role } from '../../lifecycle/cluster-deployment.ts';

/** A host with an address and SSH. Everything that ansible and the checks need to reach it. */
export interface Machine {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Private key of this run, mode 0600. */
  readonly identityFile: string;
  /** Host keys learnt out of band from the provider, so nothing is trusted on first use. */
  readonly knownHostsFile: string;
  /** A listener here that leads to the machine's port, where there is no way to `address` itself. */
  readonly via?: { readonly address: string; readonly port: number };
  /** Options of ssh as words, in place of those of a machine of ours: an inventory's own. */
  readonly options?: readonly string[];
}

export interface MachineRequest {
  readonly name: string;
  /** CPU cores, fractions allowed. */
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  /** For providers that spread machines by what they do. */
  readonly roles?: readonly Role[];
}

/** Who holds a lease. Written on the resources themselves; enough for anyone to judge whether the owner still lives. */
export interface Owner {
  readonly run: string;
  readonly pid: number;
  /** `/proc/<pid>/stat` field 22, clock ticks since boot: tells a process from a later one with the same number. */
  readonly startTime: string;
  /** `/proc/sys/kernel/random/boot_id`. */
  readonly bootId: string;
}

/** A read-only directory of the artifact cache that every machine sees at `target`. */
export interface Seed {
  readonly source: string;
  readonly target: string;
}

export interface LeaseRequest {
  readonly cell: string;
  readonly owner: Owner;
  /** Milliseconds without a heartbeat after which anyone may reap. */
  readonly timeToLive: number;
  readonly machines: readonly MachineRequest[];
  /** What `MachineImage.reference` of the artifact cache says; absent for providers with golden images of their own. */
  readonly image?: string;
  /** Value of the matrix' axis os, which chooses a golden image. */
  readonly os?: string;
  readonly seeds: readonly Seed[];
  /** An address for the API endpoint that no machine has, inside the machines' network. */
  readonly virtualAddress: boolean;
  /** Value of the matrix' axis network: what connects the pods of the cell. */
  readonly podNetwork?: string;
  /** Every machine also has an IPv6 address, in an IPv6 network of the lease; absent: IPv4 alone. */
  readonly dualStack?: boolean;
  /** Directory, mode 0700, for the run's SSH key and known hosts. */
  readonly directory: string;
  /** The machines outlive the run on purpose (`--keep`): not orphaned, only expired. */
  readonly kept?: boolean;
}

/** What is known of a request before its artifacts are there. */
export type Wish = Pick<LeaseRequest, 'cell' | 'machines' | 'os' | 'seeds' | 'virtualAddress' | 'podNetwork' | 'dualStack'>;

export interface Lease {
  /** Unique; the value of the label that every resource of the lease carries. */
  readonly id: string;
  readonly cell: string;
  readonly machines: readonly Machine[];
  readonly virtualAddress?: string;
  /** The cell's own network, CIDR. */
  readonly network: string;
  /** Facts about the machines for the report: image digest, engine and its version, what had to be worked around. */
  readonly properties: Readonly<Record<string, string>>;
}

export interface Capacity {
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  /** Leases that exist now, whoever owns them. */
  readonly leases: number;
}

export interface ReapedLease {
  readonly id: string;
  readonly cell: string;
  readonly reason: 'expired' | 'orphaned' | 'incomplete';
  readonly resources: readonly string[];
  /** Those that could not be removed, each with the reason; absent when all are gone. */
  readonly remaining?: readonly string[];
}

/** A lease that exists now, as its resources describe it. */
export interface LeaseSummary {
  readonly id: string;
  readonly cell: string;
  readonly run: string;
  readonly machines: readonly string[];
  /** `unknown`: its process cannot be seen from here. */
  readonly owner: { readonly pid: number; readonly state: 'alive' | 'dead' | 'unknown' };
  readonly created: Date;
  readonly expires: Date;
  readonly kept: boolean;
}

export interface Progress {
  readonly signal: AbortSignal;
  readonly report: (message: string) => void;
}

/** Where machines come from. Small on purpose; what only some can do is an ability of its own. */
export interface Provider {
  readonly name: 'container' | 'kubevirt';
  /** Machines come from images of the provider's own: none is built for them. */
  readonly goldenImages?: true;
  capacity(signal?: AbortSignal): Promise<Capacity>;
  /** Rejects, with fault `usage`, when one of these could never be had here: before anything is started. */
  refuseImpossible?(wishes: readonly Wish[], signal?: AbortSignal): Promise<void>;
  /** All machines with a proven SSH login, or none and an error; an aborted signal leaves nothing behind. */
  acquire(request: LeaseRequest, progress: Progress): Promise<Lease>;
  /** Renews the lease's expiry on the resources. */
  heartbeat(lease: Lease): Promise<void>;
  /** Marks the lease as kept until its owner says otherwise or `timeToLive` milliseconds are over. */
  keep(lease: Lease, timeToLive: number): Promise<void>;
  /** Finds a lease that still exists again, for `shell` and `--resume`. */
  find(id: string, directory: string): Promise<Lease | undefined>;
  /** Idempotent; rejects with fault `leaked` when something of the lease remains. */
  release(lease: Lease): Promise<void>;
  /** Removes what is expired or orphaned, and nothing else. */
  reap(options: { readonly dryRun: boolean; readonly now: Date }): Promise<readonly ReapedLease[]>;
  /** Every lease that exists here, whoever owns it; resources that are not ours to judge are left out. */
  list?(): Promise<readonly LeaseSummary[]>;
  /** Machines that should run and do not, each with what the provider sees of it: then a failure says nothing about the product. */
  examine?(lease: Lease): Promise<readonly string[]>;
  readonly power?: Power;
  readonly console?: Console;
  readonly pause?: Pause;
  /** Checkpoints of this very lease, or why there are none: much of that shows only once its machines are there. */
  checkpoints?(lease: Lease): Promise<Checkpoints | Missing>;
  /** Why an ability is not there, for those that the provider has in general and does not have here. */
  readonly missing?: Readonly<Partial<Record<'power' | 'console' | 'pause', string>>>;
}

/** An ability that is not there, told to whoever asks for it. */
export interface Missing {
  readonly missing: string;
}

export interface Power {
  /** Cuts the power: no shutdown, no goodbye. */
  off(lease: Lease, machine: string): Promise<void>;
  /** Resolves after a proven SSH login; the address stays. */
  on(lease: Lease, machine: string, progress: Progress): Promise<void>;
}

export interface Console {
  /** Everything that the machine has printed on its console so far. */
  read(lease: Lease, machine: string): Promise<string>;
}

export interface Pause {
  /** Stops a machine's processors where they are: memory, disks, address and connections stay. Resolves when nothing runs any more. */
  pause(lease: Lease, machine: string): Promise<void>;
  /** Resolves after a proven SSH login. */
  resume(lease: Lease, machine: string, progress: Progress): Promise<void>;
}

/**
 * The disks of a whole cell at one moment at which none of its machines ran. All or nothing: what fails leaves no checkpoint,
 * and the machines on their disks as they were.
 */
export interface Checkpoints {
  /**
   * What was written before the call is in it. Machines are cut off together and start again; resolves after a proven SSH login
   * on each. @throws ProofgridError CHECKPOINT_EXISTS, CHECKPOINT_FAILED
   */
  take(name: string, progress: Progress): Promise<void>;
  /** Resolves after a proven SSH login on each. @throws ProofgridError CHECKPOINT_UNKNOWN, CHECKPOINT_FAILED */
  restore(name: string, progress: Progress): Promise<void>;
  /** Names of those that are whole. */
  list(): Promise<readonly string[]>;
  /** Idempotent. */
  remove(name: string): Promise<void>;
}
