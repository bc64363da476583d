import type { KubeObject } from '../objects.ts';
import { RESOURCES, type ResourceKind } from '../objects.ts';

export interface Place {
  readonly kind: ResourceKind;
  readonly namespace?: string;
  readonly name?: string;
}

/** Path of a resource at the API server. Names are encoded: nothing trusts them. */
export function resourcePath({ kind, namespace, name }: Place): string {
  const { apiVersion, plural, namespaced } = RESOURCES[kind];
  const group = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  const scope = namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${group}${scope}/${plural}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}

/** Where an object of ours belongs. */
export function placeOf({ kind, metadata: { name, namespace } }: KubeObject): Place {
  if (!(kind in RESOURCES)) throw new Error(`${kind} is no kind that a cell is made of`);
  return { kind: kind as ResourceKind, name, ...(namespace === undefined ? {} : { namespace }) };
}
