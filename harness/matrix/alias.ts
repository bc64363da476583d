import type { Axis } from './cell.ts';
import { compareVersions, FULL_VERSION, minorOf } from './version.ts';
import type { VersionTable } from './versions/table.ts';

const CONTAINERD = 'containerd-';

/**
 * The version that a name stands for: `latest` is the newest row of the versions file, `1.36` the newest of that minor,
 * `containerd-2.4` the same of containerd. What is no alias, or one of nothing, stays as it is.
 */
export function resolveAlias(versions: VersionTable, axis: Axis, word: string): string {
  if (axis === 'kubernetes' || axis === 'etcd') return newest(versions[axis].map(({ version }) => version), word) ?? word;
  if (axis !== 'runtime' || !word.startsWith(CONTAINERD)) return word;
  const found = newest(versions.containerd.map(({ version }) => version), word.slice(CONTAINERD.length));
  return found === undefined ? word : `${CONTAINERD}${found}`;
}

function newest(rows: readonly string[], word: string): string | undefined {
  if (rows.includes(word)) return word;
  const meant = word === 'latest' ? rows.filter((row) => !isCandidate(row)) : rows.filter((row) => /^\d+\.\d+$/.test(word) && minorOf(row) === word);
  return meant.reduce<string | undefined>((best, row) => (best === undefined || compareVersions(row, best) >= 0 ? row : best), undefined);
}

function isCandidate(version: string): boolean {
  return FULL_VERSION.exec(version)?.[4] !== undefined;
}
