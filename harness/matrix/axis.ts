import { AXES, type Axis, type KubernetesSource, type PackageSource } from './cell.ts';
import { nameOfRuntime } from './runtime.ts';
import type { MatrixDocument } from './schema.ts';
import { FULL_VERSION } from './version.ts';

export type AxisValues = Readonly<Record<Axis, string>>;

/** The values that the matrix file lists on an axis, in its order. */
export function listed({ axes }: MatrixDocument, axis: Axis): readonly string[] {
  switch (axis) {
    case 'kubernetes':
    case 'etcd':
      return axes[axis].values.map(({ version }) => version);
    case 'runtime':
      return axes.runtime.values.map(nameOfRuntime);
    case 'topology':
      return axes.topology.values.map(({ name }) => name);
    default:
      return axes[axis].values;
  }
}

/** A record with one entry for every axis. */
export function perAxis<T>(of: (axis: Axis) => T): Record<Axis, T> {
  return Object.fromEntries(AXES.map((axis) => [axis, of(axis)])) as Record<Axis, T>;
}

/** The combination that has these values, and the default on every other axis. */
export function withDefaults(document: MatrixDocument, values: { readonly [axis in Axis]?: string | undefined }): AxisValues {
  return perAxis((axis) => values[axis] ?? document.axes[axis].default);
}

/** Whether a cell may have this value: it is listed, or a full version that the axis's upstream mirror has. */
export function accepts(document: MatrixDocument, axis: Axis, value: string): boolean {
  return listed(document, axis).includes(value) || isUpstream(document, axis, value);
}

function isUpstream({ axes }: MatrixDocument, axis: Axis, value: string): boolean {
  return (axis === 'kubernetes' || axis === 'etcd') && axes[axis].upstream !== undefined && FULL_VERSION.test(value);
}

/** Where an accepted Kubernetes version comes from; undefined when nothing says so. */
export function kubernetesSource({ axes }: MatrixDocument, version: string): KubernetesSource | undefined {
  const entry = axes.kubernetes.values.find((value) => value.version === version);
  return entry?.source ?? upstreamRelease(axes.kubernetes.upstream?.url, version);
}

/** Where an accepted etcd version comes from; undefined when nothing says so. */
export function etcdSource({ axes }: MatrixDocument, version: string): PackageSource | undefined {
  const entry = axes.etcd.values.find((value) => value.version === version);
  return entry?.source ?? upstreamRelease(axes.etcd.upstream?.url, version);
}

function upstreamRelease(url: string | undefined, version: string) {
  if (url === undefined || !FULL_VERSION.test(version)) return undefined;
  return { type: 'upstream', url: url.replace(/\/+$/, ''), version } as const;
}
