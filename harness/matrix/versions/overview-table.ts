import { columns } from '../columns.ts';
import type { NewerRelease } from './newer.ts';
import type { ListedRelease, VersionsOverview } from './overview.ts';

/** What the versions file says, for a person. Ends with a line break. */
export function overviewTable({ file, date, source, kubernetes, etcd, containerd }: VersionsOverview): string {
  const releases = kubernetes.map((release) => [release.version, release.source, release.released ?? '-', release.maintenance, release.endOfLife, `${release.state}${release.kept === undefined ? '' : ' (kept)'}`, needs(release)]);
  const components = [
    ...etcd.map(({ version, source: from }) => ['etcd', version, from, '']),
    ...containerd.map(({ version, source: from, runc, 'cni-plugins': plugins }) => ['containerd', version, from, `runc ${runc ?? '-'}${plugins === undefined ? '' : `, cni-plugins ${plugins}`}`]),
  ];
  return [
    columns([['KUBERNETES', 'SOURCE', 'RELEASED', 'MAINTENANCE', 'END OF LIFE', 'STATE', 'NEEDS'], ...releases]),
    columns([['COMPONENT', 'VERSION', 'SOURCE', 'WITH'], ...components]),
    `${file} on ${date}; releases come from ${source}\n`,
  ].join('\n\n');
}

function needs({ facts }: ListedRelease): string {
  const range = (name: string, fact: { readonly range: string } | { readonly none: string }) => ('range' in fact ? [`${name} ${fact.range}`] : []);
  const version = (name: string, fact: { readonly version: string } | { readonly none: string }) => ('version' in fact ? [`${name} ${fact.version}`] : []);
  return [
    ...range('etcd', facts.etcd),
    ...range('containerd', facts.containerd),
    ...range('docker', facts.docker),
    ...range('runc', facts.runc),
    `cgroup ${facts.cgroup.versions.join('/')}`,
    `pause ${facts.pause.version}`,
    ...version('coredns', facts.coredns),
    ...version('metrics-server', facts['metrics-server']),
    ...version('kube-router', facts['kube-router']),
    ...version('flannel', facts.flannel),
    ...version('crictl', facts.crictl),
    ...('stage' in facts.nftables ? [`nftables ${facts.nftables.stage}`] : []),
    ...('stage' in facts['dual-stack'] ? [`dual-stack ${facts['dual-stack'].stage}`] : []),
    `kubelet -${facts.kubeletSkew.minors}`,
  ].join(', ');
}

/** What a check found, one line each; nothing when all is well. */
export function checkLines(outOfSupport: readonly ListedRelease[], newer: readonly NewerRelease[]): string[] {
  return [
    ...outOfSupport.map(({ version, endOfLife }) => `Kubernetes ${version} is out of support since ${endOfLife}: take its row away, or say in it why it is kept (support.kept)`),
    ...newer.map(({ component, row, newer: version }) => `${component} ${version} is out, and the newest row of its minor is ${row}: add { version: "${version}" }`),
  ];
}
