import type { Facts, KubernetesRelease } from './facts.ts';
import type { ReleaseSource } from './schema.ts';
import type { VersionTable } from './table.ts';

export type SupportState = 'supported' | 'maintenance' | 'out of support';

/** A row of the versions file as `proofgrid versions` shows it. */
export interface ListedRelease {
  readonly version: string;
  /** `go-module`, `upstream`, `debian-source`. */
  readonly source: string;
  readonly released: string | undefined;
  readonly maintenance: string;
  readonly endOfLife: string;
  readonly state: SupportState;
  /** Why it stays although it is out of support. */
  readonly kept: string | undefined;
  readonly facts: Facts;
}

export interface ListedComponent {
  readonly version: string;
  /** `go-module`, `upstream`, `debian-package`. */
  readonly source: string;
  /** Of containerd: the runc that goes with it. */
  readonly runc?: string;
  /** Of containerd: the CNI plugins that go with it; absent: the operating system's package. */
  readonly 'cni-plugins'?: string;
}

export interface VersionsOverview {
  readonly apiVersion: 'proofgrid.dev/v1alpha1';
  readonly kind: 'VersionsOverview';
  readonly file: string;
  /** `YYYY-MM-DD` in UTC, which the states are of. */
  readonly date: string;
  readonly source: ReleaseSource;
  readonly kubernetes: readonly ListedRelease[];
  readonly etcd: readonly ListedComponent[];
  readonly containerd: readonly ListedComponent[];
}

/** Everything that the versions file says, on a day. */
export function overviewOf({ file, source, kubernetes, etcd, containerd }: VersionTable, today: Date): VersionsOverview {
  const date = today.toISOString().slice(0, 10);
  return {
    apiVersion: 'proofgrid.dev/v1alpha1',
    kind: 'VersionsOverview',
    file,
    date,
    source,
    kubernetes: kubernetes.map((release) => listed(release, source, date)),
    etcd: etcd.map((row) => ({ version: row.version, source: row.source?.type ?? source })),
    containerd: containerd.map(({ version, runc, 'cni-plugins': plugins }) => ({ version, source, runc, ...(plugins !== undefined && { 'cni-plugins': plugins }) })),
  };
}

function listed({ version, source, released, facts }: KubernetesRelease, from: ReleaseSource, date: string): ListedRelease {
  const { maintenance, endOfLife, kept } = facts.support;
  return { version, source: source?.type ?? from, released, maintenance, endOfLife, state: stateOn(date, facts.support), kept, facts };
}

/** On its last day a release is still what it was: https://kubernetes.io/releases/patch-releases/ */
export function stateOn(date: string, { maintenance, endOfLife }: { readonly maintenance: string; readonly endOfLife: string }): SupportState {
  if (date > endOfLife) return 'out of support';
  return date > maintenance ? 'maintenance' : 'supported';
}
