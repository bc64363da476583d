import type { Role, Runtime } from '../../lifecycle/cluster-deployment.ts';
import type { ImageSources } from './images.ts';

export const AXES = ['os', 'kubernetes', 'runtime', 'etcd', 'network', 'proxy', 'families', 'topology'] as const;
export type Axis = (typeof AXES)[number];

export interface TopologyMachine {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
}

/** One value on every axis, plus its topology's machines. */
export interface Cell {
  /** Stable identifier, an RFC 1123 label; nothing ever parses it. */
  readonly slug: string;
  readonly axes: Readonly<Record<Axis, string>>;
  /** The engine that the value on the axis `runtime` stands for. */
  readonly runtime: Runtime;
  readonly machines: readonly TopologyMachine[];
  /** Suites in the order they run: the tier's, or those asked for. */
  readonly suites: readonly string[];
  /** Where the versions on the axes come from. */
  readonly sources: {
    readonly kubernetes: KubernetesSource;
    readonly etcd: PackageSource;
    /** Absent: the operating system's own package, which the machine image has. */
    readonly runtime?: RuntimeSource;
    // What goes with an engine that is a row of the versions file.
  } & EngineComponents<ComponentSource>;
  /** Absent where all of them are built here. */
  readonly images?: ImageSources;
  /** Path of the CNI manifest, only with the network `manifest`. */
  readonly networkManifest?: string;
  readonly addOns: AddOns;
  /** What a reader of its report should know: a version that is not in the table, or out of support. */
  readonly notes: readonly string[];
}

/** What runs on top of a cluster, each in the exact version that goes with the cell's Kubernetes, or why it does not. */
export interface AddOns {
  /** With `image` it is one of the user's own, pulled by the machines. */
  readonly dns: AddOn<'coredns'> | { readonly type: 'coredns'; readonly image: string };
  readonly policy: AddOn<'kube-router'>;
  readonly metrics: AddOn<'metrics-server'>;
  readonly storage: AddOn<'local-volumes'>;
  /** Version of flannel, only with the networks that it makes. */
  readonly flannel?: string;
}

export type AddOn<Type extends string> = { readonly type: Type; readonly version: string } | { readonly type: 'none'; readonly reason: string };

export type KubernetesSource =
  /** Debian's source package, built here. */
  | { readonly type: 'debian-source'; readonly suite: string; readonly package: string; readonly version: string }
  /** A Go module of the release, built here. */
  | { readonly type: 'go-module'; readonly version: string }
  /** An upstream mirror: `<url>/v<version>/bin/linux/amd64/<binary>` with `<binary>.sha256` beside it. */
  | { readonly type: 'upstream'; readonly url: string; readonly version: string };

export type PackageSource = { readonly type: 'debian-package'; readonly suite: string; readonly packages: readonly string[] } | ComponentSource;

/** A release: Go modules, built here, or a mirror of upstream. */
export type ComponentSource =
  | { readonly type: 'go-module'; readonly version: string }
  | { readonly type: 'upstream'; readonly url: string; readonly version: string };

/** Components that a release of an engine needs or is looked at with, each a release of its own. */
export const ENGINE_COMPONENTS = ['cni-plugins', 'crictl'] as const;
export type EngineComponent = (typeof ENGINE_COMPONENTS)[number];
/** Something of each of them that a cell has. */
export type EngineComponents<T> = { readonly [name in EngineComponent]?: T };

/** Mirrors of upstream releases, without a slash at the end; or Go modules, built here. */
export type RuntimeSource =
  | { readonly type: 'go-module'; readonly engine: 'containerd'; readonly version: string; readonly runc: { readonly version: string } }
  /** `<url>/v<version>/containerd-<version>-linux-amd64.tar.gz` with `….sha256sum`; runc: `<url>/v<version>/{runc.amd64,runc.sha256sum}`. */
  | {
      readonly type: 'upstream';
      readonly engine: 'containerd';
      readonly url: string;
      readonly version: string;
      readonly runc: { readonly url: string; readonly version: string };
    }
  /** `<url>/docker-<version>.tgz`; upstream publishes no checksum, so the matrix has it. */
  | { readonly type: 'upstream'; readonly engine: 'docker'; readonly url: string; readonly version: string; readonly sha256: string };
