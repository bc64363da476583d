import { resolveAlias } from './alias.ts';
import { AXES, type Axis } from './cell.ts';
import type { MatrixDocument, MatrixFile, TierDocument } from './schema.ts';
import type { VersionTable } from './versions/table.ts';

/** The matrix with the versions that its file leaves to the versions file, and with a version for each alias. */
export function resolveMatrix({ versions: _file, ...file }: MatrixFile, versions: VersionTable): MatrixDocument {
  const { axes, tiers } = file;
  const meant = (axis: Axis, word: string) => resolveAlias(versions, axis, word);
  const versionAxis = (axis: 'kubernetes' | 'etcd') => ({
    default: meant(axis, axes[axis].default),
    values: axes[axis].values?.map((word) => meant(axis, word)) ?? versions[axis].map(({ version }) => version),
  });
  const tier = (rules: TierDocument): TierDocument => ({
    ...rules,
    axes: perNamedAxis(rules.axes, (axis, choice) => (choice === 'all' ? choice : choice.map((word) => meant(axis, word)))),
    include: rules.include.map((cell) => perNamedAxis(cell, meant)),
  });
  return {
    ...file,
    versions,
    axes: { ...axes, kubernetes: versionAxis('kubernetes'), etcd: versionAxis('etcd'), runtime: { ...axes.runtime, default: meant('runtime', axes.runtime.default) } },
    tiers: { smoke: tier(tiers.smoke), 'merge-request': tier(tiers['merge-request']), nightly: tier(tiers.nightly), release: tier(tiers.release) },
  };
}

function perNamedAxis<T>(record: { readonly [axis in Axis]?: T | undefined }, change: (axis: Axis, value: T) => T): { [axis in Axis]?: T } {
  const changed = AXES.flatMap((axis) => {
    const value = record[axis];
    return value === undefined ? [] : [[axis, change(axis, value)] as const];
  });
  return Object.fromEntries(changed) as { [axis in Axis]?: T };
}
