import type { Labels } from './labels.ts';

/** A container, network or volume, as far as a lease cares. */
export interface Resource {
  readonly name: string;
  readonly labels: Labels;
}

export interface ContainerResource extends Resource {
  /** `running`, `exited`, `paused`, `created`, … as the engine says. */
  readonly state: string;
}

export interface VolumeResource extends Resource {
  /** Where the volume's files lie on this host. */
  readonly mountpoint: string;
}

export interface NetworkSpec {
  readonly name: string;
  /** CIDR. */
  readonly subnet: string;
  /** CIDR inside the subnet that the engine may hand out by itself; what is outside stays free. */
  readonly range: string;
  readonly gateway: string;
  /** The IPv6 network beside it. */
  readonly ipv6?: { readonly subnet: string; readonly gateway: string };
  readonly labels: Labels;
}

export interface ContainerSpec {
  readonly name: string;
  readonly hostname: string;
  readonly network: string;
  readonly address: string;
  readonly ipv6Address?: string;
  readonly macAddress: string;
  readonly image: string;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  readonly labels: Labels;
  readonly environment: Readonly<Record<string, string>>;
  readonly ulimits: Readonly<Record<string, number>>;
  readonly mounts: readonly Mount[];
  readonly entrypoint: string;
  readonly arguments: readonly string[];
}

export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/** All that a provider asks of podman or docker. Every removal is idempotent. */
export interface Engine {
  readonly name: 'podman' | 'docker';
  version(): Promise<string>;
  /** Digest of a local image, or undefined when there is none of that name; nothing is ever pulled. */
  imageDigest(reference: string): Promise<string | undefined>;
  /** Resolves with the mount point. */
  createVolume(name: string, labels: Labels): Promise<string>;
  /** False when the subnet is taken. */
  createNetwork(spec: NetworkSpec): Promise<boolean>;
  createContainer(spec: ContainerSpec): Promise<void>;
  start(container: string): Promise<void>;
  /** SIGKILL to everything in it; resolves when it has ended and its network is undone. */
  kill(container: string): Promise<void>;
  /** As the engine says: `running`, `exited`, …; undefined when it does not exist. */
  state(container: string): Promise<string | undefined>;
  /** Its console so far. */
  logs(container: string): Promise<string>;
  /** Runs a command inside, for diagnosis only. */
  exec(container: string, command: readonly string[]): Promise<string>;
  containers(lease?: string): Promise<readonly ContainerResource[]>;
  networks(lease?: string): Promise<readonly Resource[]>;
  volumes(lease?: string): Promise<readonly VolumeResource[]>;
  /** With their anonymous volumes. */
  removeContainers(names: readonly string[]): Promise<void>;
  removeNetwork(name: string): Promise<void>;
  removeVolume(name: string): Promise<void>;
}
