import type { KubernetesRow } from './schema.ts';
import { compareVersions, minorOf } from '../version.ts';

/** What a row says of itself; everything else it may have from the row before. */
type Own = 'version' | 'source' | 'released';

/** What a Kubernetes release needs, refuses and is deployed with. */
export type Facts = { readonly [fact in Exclude<keyof KubernetesRow, Own>]-?: NonNullable<KubernetesRow[fact]> };
export type Fact = keyof Facts;

export const FACTS = [
  'support', 'etcd', 'containerd', 'docker', 'runc', 'cgroup', 'nftables', 'dual-stack', 'pause', 'coredns', 'metrics-server', 'kube-router', 'flannel', 'crictl', 'kubeletSkew',
] as const satisfies readonly Fact[];

/** A release with everything that it has, its own or from the row before it. */
export interface KubernetesRelease extends Pick<KubernetesRow, Own> {
  readonly facts: Facts;
}

/** What holds where a versions file says nothing of it: whether Kubernetes has the feature is no choice of the file's. */
function dualStackOf(version: string): Facts['dual-stack'] {
  const source = 'https://kubernetes.io/docs/concepts/services-networking/dual-stack/';
  if (compareVersions(version, '1.23') < 0) return { none: 'dual-stack is stable from Kubernetes 1.23 on', source };
  return { stage: 'stable', since: '1.23', source };
}

/** The rows with what they have from others. `incomplete` says which fact a row lacks. */
export function inherit(rows: readonly KubernetesRow[], incomplete: (row: number, missing: readonly Fact[]) => void): KubernetesRelease[] {
  const releases: KubernetesRelease[] = [];
  rows.forEach(({ version, source, released, ...said }, index) => {
    const before = releases.findLast((release) => minorOf(release.version) === minorOf(version));
    const facts: { readonly [fact in Fact]?: KubernetesRow[fact] } = { 'dual-stack': dualStackOf(version), ...before?.facts, ...said };
    const missing = FACTS.filter((fact) => facts[fact] === undefined);
    if (missing.length > 0) incomplete(index, missing);
    releases.push({ version, source, released, facts: facts as Facts });
  });
  return releases;
}

/**
 * Facts of any version. One that has no row has those of the newest row of its minor; one of a minor without rows has
 * each fact from the newest row in which it held already then (`since`).
 */
export function factsOf(releases: readonly KubernetesRelease[], version: string): Facts | undefined {
  const listed = releases.find((release) => release.version === version);
  if (listed !== undefined) return listed.facts;
  const relatives = releases.filter((release) => minorOf(release.version) === minorOf(version));
  const relative = relatives.findLast((release) => compareVersions(release.version, version) <= 0) ?? relatives[0];
  if (relative !== undefined) return relative.facts;
  const [oldest] = releases;
  if (oldest === undefined) return undefined;
  const held = FACTS.map((fact) => {
    const holder = releases.findLast((release) => compareVersions(sinceOf(release, fact), minorOf(version)) <= 0) ?? oldest;
    return [fact, holder.facts[fact]] as const;
  });
  return Object.fromEntries(held) as unknown as Facts;
}

function sinceOf({ version, facts }: KubernetesRelease, fact: Fact): string {
  const value = facts[fact];
  return 'since' in value && value.since !== undefined ? value.since : minorOf(version);
}
