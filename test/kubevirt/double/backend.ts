/** What cloud-init would do to a guest, as far as a backend can. */
export interface GuestConfiguration {
  readonly hostname: string;
  readonly authorizedKeys: readonly string[];
  /** PEM and one line; absent when cloud-init was not told, as with any image that makes its own. */
  readonly hostKey?: { readonly privateKey: string; readonly publicKey: string };
  /** False: it starts and never finishes. */
  readonly finishes: boolean;
}

export interface GuestSpec {
  readonly namespace: string;
  readonly machine: string;
  /** Of the virt-launcher pod. */
  readonly pod: string;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  readonly guest: GuestConfiguration;
  /** Whether what is on the root disk outlives the pod. */
  readonly persistent: boolean;
  /** Volume → claim, of those that have one. */
  readonly disks: Readonly<Record<string, string>>;
}

/** What plays the guest of a virtual machine. */
export interface Backend {
  /** Resolves with the guest's address when its kernel would run; nothing is said about SSH. */
  start(spec: GuestSpec): Promise<string>;
  /** Cuts the power; idempotent. */
  stop(namespace: string, machine: string): Promise<void>;
  /** Saves what a disk of the machine holds now, under a name of its own. */
  saveDisk(namespace: string, machine: string, volume: string, name: string): Promise<void>;
  /** The claim holds what was saved, as soon as a guest starts with it. */
  fillDisk(namespace: string, claim: string, name: string): Promise<void>;
  /** Its processors stop; its memory, disks and connections stay. */
  pause(namespace: string, machine: string): Promise<void>;
  unpause(namespace: string, machine: string): Promise<void>;
  /** Everything on its serial console. */
  console(namespace: string, machine: string): Promise<string>;
  /** What a file on its root disk holds, read past the guest. */
  outside(namespace: string, machine: string, file: string): Promise<string>;
  /** True as long as the guest has not ended by itself. */
  alive(namespace: string, machine: string): Promise<boolean>;
  /** Removes everything of a namespace. */
  clear(namespace: string): Promise<void>;
}
