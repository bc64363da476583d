import { AXES, type Axis, type ComponentSource, type KubernetesSource, type PackageSource } from './cell.ts';
import { nameOfRuntime } from './runtime.ts';
import type { MatrixDocument } from './schema.ts';
import { FULL_VERSION, RUNTIME_NAME } from './version.ts';

export type AxisValues = Readonly<Record<Axis, string>>;

/** The values that the matrix has on an axis, in its order. */
export function listed({ axes }: MatrixDocument, axis: Axis): readonly string[] {
  switch (axis) {
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

/** Whether a cell may have this value: it is listed, or it is a release that needs no row to be found. */
export function accepts(document: MatrixDocument, axis: Axis, value: string): boolean {
  return listed(document, axis).includes(value) || isRelease(axis, value);
}

function isRelease(axis: Axis, value: string): boolean {
  if (axis === 'runtime') return RUNTIME_NAME.exec(value)?.[2] !== undefined;
  return (axis === 'kubernetes' || axis === 'etcd') && FULL_VERSION.test(value);
}

/** Where an accepted Kubernetes version comes from; undefined when nothing says so. */
export function kubernetesSource({ versions }: MatrixDocument, version: string): KubernetesSource | undefined {
  return versions.kubernetes.find((row) => row.version === version)?.source ?? namedRelease(versions, 'kubernetes', version);
}

/** Where an accepted etcd version comes from; undefined when nothing says so. */
export function etcdSource({ versions }: MatrixDocument, version: string): PackageSource | undefined {
  return versions.etcd.find((row) => row.version === version)?.source ?? namedRelease(versions, 'etcd', version);
}

function namedRelease(versions: MatrixDocument['versions'], component: 'kubernetes' | 'etcd', version: string): ComponentSource | undefined {
  return FULL_VERSION.test(version) ? releaseOf(versions, component, version) : undefined;
}

/** A release of a component, from where all releases come. */
export function releaseOf({ source, mirrors }: MatrixDocument['versions'], component: keyof typeof mirrors, version: string): ComponentSource {
  return source === 'go-module' ? { type: source, version } : { type: source, url: mirrors[component].replace(/\/+$/, ''), version };
}
