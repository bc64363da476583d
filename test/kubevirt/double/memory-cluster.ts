import { randomUUID } from 'node:crypto';
import { ApiError, type ApiObject } from '../api-client.ts';
import type { Context } from './context.ts';
import { stepNamespace } from './double.ts';
import { KINDS, type Kind } from './kinds.ts';
import { quantity } from './quantity.ts';
import { stubBackend } from './stub-backend.ts';

/** What an API server, its quota admission and its volume binder do with the double's objects, without either: for unit tests of orders of events. */
export interface MemoryCluster {
  readonly context: Context;
  create(object: object): Promise<void>;
  all(kind: Kind | 'Event'): ApiObject[];
  /** Steps of the double until nothing changes. Resolves with how many there were. */
  settle(namespace: string): Promise<number>;
}

interface Place {
  readonly resource: string;
  readonly namespace: string;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
}

/** Steps: an order of events that goes on for longer goes in circles. */
const MAX_STEPS = 100;

export function memoryCluster(): MemoryCluster {
  const objects = new Map<string, ApiObject>();
  let changes = 0;
  const keyOf = ({ resource, namespace, name = '' }: Place) => `${resource}/${namespace}/${name}`;
  const of = (resource: string, namespace?: string) => [...objects].filter(([key]) => key.startsWith(`${resource}/${namespace ?? ''}`)).map(([, object]) => object);
  const put = (place: Place, object: ApiObject) => {
    changes += 1;
    objects.set(keyOf(place), object);
  };

  const create = async (path: string, given: object): Promise<ApiObject> => {
    const place = placeOf(path);
    if (place.subresource === 'binding') {
      const pod = { ...place, subresource: undefined };
      return merge(`${path.slice(0, -'/binding'.length)}`, { spec: { nodeName: (given as { target: { name: string } }).target.name } }).then(() => found(pod));
    }
    const object = structuredClone(given) as ApiObject;
    const named = { ...place, name: object.metadata.name };
    if (objects.has(keyOf(named))) throw new ApiError('POST', path, 409, 'already exists');
    admit(named, object, of('resourcequotas', place.namespace), (resource) => of(resource, place.namespace));
    const kind = kindOf(place.resource);
    const status = kind === 'PersistentVolumeClaim' ? { status: { phase: 'Pending' } } : {};
    put(named, { ...(kind === undefined ? {} : { kind }), ...status, ...object, metadata: { ...object.metadata, namespace: place.namespace, uid: randomUUID() } });
    if (place.resource === 'persistentvolumes') bind(object);
    return object;
  };
  const bind = ({ spec }: ApiObject) => {
    const place = { resource: 'persistentvolumeclaims', namespace: spec.claimRef.namespace as string, name: spec.claimRef.name as string };
    const claim = objects.get(keyOf(place));
    if (claim !== undefined) put(place, { ...claim, status: { phase: 'Bound' } });
  };
  const found = (place: Place): ApiObject => {
    const object = objects.get(keyOf(place));
    if (object === undefined) throw new ApiError('GET', keyOf(place), 404, 'not found');
    return object;
  };
  const merge = async (path: string, change: object): Promise<ApiObject> => {
    const place = placeOf(path);
    const merged = mergePatch(found(place), change) as ApiObject;
    put(place, merged);
    return merged;
  };
  const client: Context['client'] = {
    create,
    merge,
    get: async (path) => found(placeOf(path)),
    find: async (path) => objects.get(keyOf(placeOf(path))),
    ensure: async (path, object) => {
      await create(path, object).catch((error: unknown) => {
        if (!(error instanceof ApiError) || error.status !== 409) throw error;
      });
    },
    delete: async (path) => {
      if (objects.delete(keyOf(placeOf(path)))) changes += 1;
    },
  };
  const resourceOf = (kind: Kind) => KINDS[kind].split('/').at(-1) ?? '';
  const context: Context = {
    client,
    cache: {
      all: (kind) => of(resourceOf(kind)),
      in: (kind, namespace) => of(resourceOf(kind), namespace),
      find: (kind, namespace, name) => objects.get(keyOf({ resource: resourceOf(kind), namespace, name })),
    },
    ...{ backend: stubBackend(), node: 'node', guests: new Map(), made: new Set<string>(), snapshotGate: true },
    faultOf: () => undefined,
    // the caller steps until nothing changes
    enqueue: () => void (changes += 1),
  };
  return {
    context,
    async create(object) {
      const { kind = '', metadata } = object as ApiObject;
      await create(`/api/v1/namespaces/${metadata.namespace ?? ''}/${pluralOf(kind)}`, object);
    },
    all: (kind) => (kind === 'Event' ? of('events') : of(resourceOf(kind))),
    async settle(namespace) {
      for (let step = 0; step < MAX_STEPS; step += 1) {
        const before = changes;
        const problems = await stepNamespace(context, namespace);
        if (problems.length > 0) throw new Error(problems.join('\n'));
        if (changes === before) return step;
      }
      throw new Error(`the double still changes things after ${MAX_STEPS} steps`);
    },
  };
}

function placeOf(path: string): Place {
  const [, namespace = '', rest = ''] = /\/namespaces\/([^/]+)\/(.+)$/.exec(path) ?? [];
  const [resource = '', name, subresource] = (rest === '' ? path.replace(/^\/api\/v1\//, '') : rest).split('/');
  return { resource, namespace, name, subresource };
}

function pluralOf(kind: string): string {
  return kind === 'NetworkPolicy' ? 'networkpolicies' : `${kind.toLowerCase()}s`;
}

function kindOf(resource: string): string | undefined {
  return Object.entries(KINDS).find(([, path]) => path.endsWith(`/${resource}`))?.[0];
}

/** RFC 7386. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const merged: Record<string, unknown> = typeof target === 'object' && target !== null ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(merged, key);
    else if (value !== undefined) merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

/**
 * Pods that run or wait are charged with the sum of their containers, claims with what they request, each when it is created
 * (kubernetes pkg/quota/v1/evaluator/core/pods.go and persistent_volume_claims.go).
 */
function admit({ resource }: Place, object: ApiObject, quotas: readonly ApiObject[], present: (resource: string) => readonly ApiObject[]): void {
  const charge = CHARGES[resource];
  if (charge === undefined) return;
  const charged = [...present(resource), object].map(charge);
  for (const quota of quotas) {
    for (const [name, hard] of Object.entries(quota['spec'].hard as Record<string, string>)) {
      if (charged[0]?.[name] === undefined) continue;
      const wanted = charged.reduce((sum, each) => sum + (each[name] ?? 0), 0);
      if (wanted <= quantity(hard) + 1e-6) continue;
      throw new ApiError('POST', resource, 403, `${resource} "${object.metadata.name ?? ''}" is forbidden: exceeded quota: ${quota.metadata.name ?? ''}, requested: ${name}=${charged.at(-1)?.[name] ?? 0}, limited: ${name}=${hard}`);
    }
  }
}

const CHARGES: Readonly<Record<string, (object: ApiObject) => Readonly<Record<string, number>>>> = {
  pods: ({ spec, status }) => {
    const containers = spec.containers as readonly { readonly resources: Record<'requests' | 'limits', Record<string, string>> }[];
    const sum = (kind: 'requests' | 'limits', name: string) => containers.reduce((total, { resources }) => total + quantity(resources[kind][name] ?? '0'), 0);
    const over = status?.phase === 'Failed' || status?.phase === 'Succeeded';
    return { pods: over ? 0 : 1, ...Object.fromEntries((['requests', 'limits'] as const).flatMap((kind) => ['cpu', 'memory'].map((name) => [`${kind}.${name}`, over ? 0 : sum(kind, name)]))) };
  },
  persistentvolumeclaims: ({ spec }) => ({ persistentvolumeclaims: 1, 'requests.storage': quantity(spec.resources.requests.storage as string) }),
};
