import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeObject } from '../objects.ts';
import { connection, type Access, type Connection, type ConnectionOptions } from './connection.ts';
import { failureOf, hasStatus, KubeError, type Failure } from './error.ts';
import { ConnectionFailed, open, readAll, type Sent } from './exchange.ts';
import { createLimiter, type Limiter } from './limiter.ts';
import { placeOf, resourcePath, type Place } from './path.ts';
import { retryDelay, type Safety } from './retry.ts';

/** The one field manager of everything that we write. */
export const FIELD_MANAGER = 'proofgrid';

/** Milliseconds that a request is repeated in all: an API server that restarts takes seconds, its etcd perhaps half a minute. */
const RETRY_LIMIT = 90_000;
/** Milliseconds. The API server ends requests that take longer than a minute; a healthy one answers in under one second. */
const SILENCE_LIMIT = 15_000;
/** Milliseconds. The API server sends a watch's bookmark every minute at least, and one before it ends it. */
const WATCH_SILENCE_LIMIT = 90_000;
/** Objects in one answer. */
const PAGE = 250;

export interface ListOptions {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly signal?: AbortSignal | undefined;
}

export interface Listed<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  /** The API server's clock: leases are judged by it, never by ours. */
  readonly date: Date;
}

export interface Removal {
  readonly uid?: string | undefined;
  /** The object must not have changed since it was read. */
  readonly resourceVersion?: string | undefined;
  readonly gracePeriodSeconds?: number;
}

export interface Answer<T> {
  readonly object: T;
  readonly date: Date;
}

/** One API server, one connection pool, one limit on requests. Every method rejects with `KubeError`. */
export interface KubeClient {
  readonly connection: Connection;
  /** How many requests were sent, watches and repetitions included. */
  readonly requests: number;
  /** Milliseconds without a byte after which a watch's connection counts as dead. */
  readonly watchSilenceMs: number;
  get<T>(place: Place, signal?: AbortSignal): Promise<Answer<T> | undefined>;
  list<T>(place: Place, options?: ListOptions): Promise<Listed<T>>;
  /** Server-side apply: creates or updates what we own, leaves the rest. `dryRun`: only admission has its say. */
  apply<T extends KubeObject>(object: T, signal?: AbortSignal, options?: { readonly dryRun?: boolean }): Promise<Answer<T>>;
  /** Not repeated when it may have happened. */
  create<T extends KubeObject>(object: T, signal?: AbortSignal): Promise<Answer<T>>;
  /** JSON merge patch of what must exist; `metadata.uid` in it is a precondition. Undefined when it does not exist. */
  merge<T>(place: Place, change: object, signal?: AbortSignal): Promise<Answer<T> | undefined>;
  /** Asks for the removal; that it is gone already is fine. */
  remove(place: Place, removal?: Removal, signal?: AbortSignal): Promise<void>;
  /** Sub-resources that are no objects: `log`, `pause`. */
  text(method: 'GET' | 'PUT', path: string, options?: { readonly body?: object; readonly signal?: AbortSignal | undefined }): Promise<string>;
  /** The head of a streamed answer; its reader sees to resets and silence. */
  stream(path: string, silenceMs: number, signal: AbortSignal): Promise<IncomingMessage>;
  close(): void;
}

export interface ClientOptions extends ConnectionOptions {
  readonly limiter?: Limiter;
  readonly retryLimitMs?: number;
  readonly silenceMs?: number;
  readonly watchSilenceMs?: number;
}

interface Asked extends Omit<Sent, 'url' | 'silenceMs'> {
  readonly path: string;
  readonly safety: Safety;
}

export function kubeClient(options: ClientOptions = {}): KubeClient {
  const { limiter = createLimiter({ qps: 20, burst: 40 }), retryLimitMs = RETRY_LIMIT, silenceMs = SILENCE_LIMIT, watchSilenceMs = WATCH_SILENCE_LIMIT } = options;
  const known = connection(options);
  let requests = 0;

  const once = async (asked: Asked, access: Access): Promise<{ response: IncomingMessage; body: string } | Failure> => {
    try {
      const response = await open(access, { ...asked, url: new URL(known.server + asked.path), silenceMs });
      const body = await readAll(response, asked.signal);
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) return { response, body };
      return failureOf(status, body, response.headers['retry-after']);
    } catch (error) {
      if (error instanceof ConnectionFailed) return error.failure;
      throw error;
    }
  };

  const send = async (asked: Asked): Promise<{ response: IncomingMessage; body: string }> => {
    const begun = performance.now();
    for (let attempts = 1; ; attempts += 1) {
      await limiter(asked.signal);
      const access = await known.access();
      requests += 1;
      const result = await once(asked, access);
      if ('response' in result) return result;
      const attempt = { safety: asked.safety, failure: result, attempts, elapsedMs: performance.now() - begun, limitMs: retryLimitMs };
      const wait = retryDelay(attempt, Math.random());
      if (wait === undefined) throw new KubeError(`${asked.method} ${asked.path}`, result);
      await delay(wait, undefined, asked.signal === undefined ? {} : { signal: asked.signal });
    }
  };

  const object = async <T>(asked: Asked): Promise<Answer<T>> => {
    const { response, body } = await send(asked);
    return { object: JSON.parse(body) as T, date: dateOf(response) };
  };

  return {
    connection: known,
    watchSilenceMs,
    get requests() {
      return requests;
    },
    get: (place, signal) => unless404(object({ method: 'GET', path: resourcePath(place), safety: 'idempotent', signal })),
    list: (place, listOptions = {}) => list(object, resourcePath(place), listOptions),
    apply: (wanted, signal, { dryRun = false } = {}) => {
      const path = `${resourcePath(placeOf(wanted))}?fieldManager=${FIELD_MANAGER}&force=true${dryRun ? '&dryRun=All' : ''}`;
      return object({ method: 'PATCH', path, body: JSON.stringify(wanted), contentType: 'application/apply-patch+yaml', safety: 'idempotent', signal });
    },
    create: (wanted, signal) => {
      const { kind, namespace } = placeOf(wanted);
      const path = `${resourcePath({ kind, ...(namespace === undefined ? {} : { namespace }) })}?fieldManager=${FIELD_MANAGER}`;
      return object({ method: 'POST', path, body: JSON.stringify(wanted), safety: 'once', signal });
    },
    merge: (place, change, signal) => {
      const path = `${resourcePath(place)}?fieldManager=${FIELD_MANAGER}`;
      const body = JSON.stringify(change);
      return unless404(object({ method: 'PATCH', path, body, contentType: 'application/merge-patch+json', safety: 'idempotent', signal }));
    },
    async remove(place, { uid, resourceVersion, gracePeriodSeconds } = {}, signal) {
      const preconditions = { ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }) };
      const grace = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds };
      const body = JSON.stringify({ kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background', preconditions, ...grace });
      await unless404(send({ method: 'DELETE', path: resourcePath(place), body, safety: 'idempotent', signal }));
    },
    async text(method, path, { body, signal } = {}) {
      const content = body === undefined ? {} : { body: JSON.stringify(body) };
      return (await send({ method, path, ...content, safety: method === 'GET' ? 'idempotent' : 'once', signal })).body;
    },
    async stream(path, streamSilenceMs, signal) {
      await limiter(signal);
      requests += 1;
      return open(await known.access(), { method: 'GET', url: new URL(known.server + path), silenceMs: streamSilenceMs, signal });
    },
    close: () => known.close(),
  };
}

interface Page<T> {
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly T[];
}

/** In pages; a list that became too old in between (410) starts again. */
async function list<T>(object: <A>(asked: Asked) => Promise<Answer<A>>, path: string, options: ListOptions): Promise<Listed<T>> {
  const { labelSelector, fieldSelector, signal } = options;
  for (let restarts = 0; ; restarts += 1) {
    const items: T[] = [];
    let token: string | undefined;
    try {
      for (;;) {
        const selectors = Object.entries({ labelSelector, fieldSelector, continue: token }).filter(([, value]) => value !== undefined);
        const query = new URLSearchParams([['limit', String(PAGE)], ...(selectors as [string, string][])]);
        const page = await object<Page<T>>({ method: 'GET', path: `${path}?${query}`, safety: 'idempotent', signal });
        items.push(...(page.object.items ?? []));
        token = page.object.metadata.continue;
        if (token === undefined || token === '') return { items, resourceVersion: page.object.metadata.resourceVersion ?? '', date: page.date };
      }
    } catch (error) {
      if (!hasStatus(error, 410) || restarts >= 3) throw error;
    }
  }
}

async function unless404<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch((error: unknown) => {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  });
}

function dateOf({ headers: { date } }: IncomingMessage): Date {
  const parsed = new Date(date ?? Number.NaN);
  return Number.isNaN(parsed.getTime()) ? new Date() : parsed;
}
