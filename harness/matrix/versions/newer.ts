import { compareVersions, FULL_VERSION, minorOf } from '../version.ts';
import type { VersionTable } from './table.ts';

/** A patch release that a source has and the versions file does not. */
export interface NewerRelease {
  readonly component: 'kubernetes' | 'etcd' | 'containerd';
  /** The newest row of the minor. */
  readonly row: string;
  readonly newer: string;
}

/** Asks a source for a text. Rejects when it cannot be asked. */
export type Ask = (url: string) => Promise<string>;

/** Modules whose versions are those of the component; each is served whole or not at all. */
const MODULES = {
  kubernetes: 'k8s.io/kubernetes',
  etcd: 'go.etcd.io/etcd/server/v3',
  containerd: 'github.com/containerd/containerd/v2',
} as const;
const COMPONENTS = Object.keys(MODULES) as readonly (keyof typeof MODULES)[];

/**
 * Newer patches of the minors that the table has, from the lists of a module proxy:
 * https://go.dev/ref/mod#goproxy-protocol
 * @param proxy address without a slash at the end
 */
export async function newerModules(table: VersionTable, proxy: string, ask: Ask): Promise<NewerRelease[]> {
  const found = await Promise.all(COMPONENTS.map(async (component) => {
    const versions = (await ask(`${proxy}/${MODULES[component]}/@v/list`)).split(/\s+/).map((word) => word.replace(/^v/, ''));
    return newestRows(table, component).flatMap((row) => {
      const newer = versions.filter((version) => isPatch(version) && minorOf(version) === minorOf(row) && compareVersions(version, row) > 0);
      const newest = newer.sort(compareVersions).at(-1);
      return newest === undefined ? [] : [{ component, row, newer: newest }];
    });
  }));
  return found.flat();
}

/** The same from the download site of Kubernetes, which names the newest patch of each minor; no other mirror does. */
export async function newerDownloads(table: VersionTable, ask: Ask): Promise<NewerRelease[]> {
  const site = table.mirrors.kubernetes.replace(/\/+$/, '');
  const found = await Promise.all(newestRows(table, 'kubernetes').map(async (row) => {
    const newer = (await ask(`${site}/stable-${minorOf(row)}.txt`)).trim().replace(/^v/, '');
    return isPatch(newer) && compareVersions(newer, row) > 0 ? [{ component: 'kubernetes' as const, row, newer }] : [];
  }));
  return found.flat();
}

/** The newest row of each minor, of those that are releases of upstream. */
function newestRows(table: VersionTable, component: NewerRelease['component']): string[] {
  const releases = table[component].flatMap((row) => ('source' in row && row.source !== undefined ? [] : [row.version]));
  return [...new Map(releases.map((version) => [minorOf(version), version])).values()];
}

function isPatch(version: string): boolean {
  const match = FULL_VERSION.exec(version);
  return match !== null && match[4] === undefined;
}
