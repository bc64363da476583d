import type { ComponentSource, EngineComponent, EngineComponents, KubernetesSource, PackageSource, RuntimeSource } from '../matrix/cell.ts';
import type { ImageSource, ImageSources } from '../matrix/images.ts';
import type { Progress } from '../provider/contract.ts';
import type { Runtime } from '../../lifecycle/cluster-deployment.ts';

/** Files of one version of one component, complete and verified, in a directory of the cache that nobody changes any more. */
export interface Binaries {
  /** Exact version: what the binary itself reports, without a leading `v`. */
  readonly version: string;
  readonly directory: string;
  /** File name → SHA-256, lower-case hexadecimal. */
  readonly sha256: Readonly<Record<string, string>>;
  /** Key of the cache entry. */
  readonly digest: string;
  /** Where the files came from, as far as a person needs it to get the same again: modules with their sums, toolchain, flags. */
  readonly provenance: Readonly<Record<string, string>>;
}

/** A golden OS image with sshd, systemd, etcd and, unless it comes as a release, the container engine baked in. */
export interface MachineImage {
  /** What the container engine calls it: `localhost/proofgrid/machine:<digest>`. */
  readonly reference: string;
  readonly digest: string;
  /** Exact package versions of interest: containerd, docker.io, systemd. */
  readonly packages: Readonly<Record<string, string>>;
}

/** A container image as a docker-archive. */
export interface ImageArchive {
  /** Of the file without its ending: `pause`. */
  readonly name: string;
  readonly reference: string;
  readonly directory: string;
  readonly file: string;
  readonly sha256: string;
  /** Where it came from, as far as a person needs it to get the same again. */
  readonly provenance: Readonly<Record<string, string>>;
}

export interface MachineImageRequest {
  readonly os: string;
  /** The system's package of this engine is baked in; absent: none is, because the engine comes as a release. */
  readonly runtime?: Runtime;
  readonly etcd: Binaries;
}

export const ADD_ON_IMAGES = ['coredns', 'flannel', 'kube-router', 'local-volumes', 'metrics-server'] as const;
export type AddOnImage = (typeof ADD_ON_IMAGES)[number];

export interface AddOnImageRequest {
  readonly name: AddOnImage;
  readonly version: string;
  /** Absent: it is built here. */
  readonly source?: ImageSource;
}

/** All that one cell asks for. */
export interface ForecastRequest {
  readonly kubernetes: KubernetesSource;
  readonly etcd: PackageSource;
  /** Only where the engine comes as a release. */
  readonly runtime?: RuntimeSource;
  readonly engineComponents: EngineComponents<ComponentSource>;
  /** Absent where the provider has images of its own. */
  readonly machine?: Pick<MachineImageRequest, 'os' | 'runtime'>;
  readonly addOns: readonly AddOnImageRequest[];
  /** Absent where all of them are built here. */
  readonly images?: ImageSources;
}

/** Something that has to be made before a cell can start. */
export interface Forecast {
  readonly name: string;
  /** Milliseconds: what it took here before, else a guess for two cores. */
  readonly estimateMs: number;
}

/** Everything expensive, made once, kept by content outside the checkout. Safe for concurrent runs and after `kill -9`. */
export interface Artifacts {
  /** kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kube-proxy, kubectl. */
  kubernetes(source: KubernetesSource, progress: Progress): Promise<Binaries>;
  /** etcd and etcdctl, and etcdutl where the release has it. */
  etcd(source: PackageSource, progress: Progress): Promise<Binaries>;
  /** A container engine with everything that it calls, in the names of the release. */
  runtime(source: RuntimeSource, progress: Progress): Promise<Binaries>;
  /** What goes with an engine, in the names of its own release. */
  engineComponent(name: EngineComponent, source: ComponentSource, progress: Progress): Promise<Binaries>;
  machineImage(request: MachineImageRequest, progress: Progress): Promise<MachineImage>;
  /** The pause image that runtimes need, and agnhost for the checks; built here unless there is a source. */
  images(
    progress: Progress,
    sources?: ImageSources,
  ): Promise<{ readonly pause: ImageArchive; readonly agnhost: ImageArchive }>;
  /** The image of an add-on, built here or pulled. */
  addOnImage(request: AddOnImageRequest, progress: Progress): Promise<ImageArchive>;
  /** What of these is not in the cache yet. Makes nothing. */
  forecast(request: ForecastRequest): Promise<readonly Forecast[]>;
}
