import { createInterface } from 'node:readline';
import type { KubeObject } from '../objects.ts';
import type { KubeClient } from './client.ts';
import { failureOf } from './error.ts';
import { ConnectionFailed, readAll } from './exchange.ts';

/** Why a watch ended; the next one starts from what is known, or from a new list. */
export type WatchEnd =
  /** The server closed it in good order, the connection broke, or nobody spoke for too long. */
  | { readonly type: 'again'; readonly reason: string }
  /** The server no longer has the history from there on. */
  | { readonly type: 'expired' }
  /** There is no such resource (no CustomResourceDefinition), or we may not watch it. */
  | { readonly type: 'refused'; readonly status: number; readonly reason: string };

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: T;
}

export interface WatchOptions<T> {
  readonly path: string;
  readonly labelSelector?: string | undefined;
  readonly resourceVersion: string;
  /** Seconds after which the server ends it: a connection that a proxy has forgotten must not live for ever. */
  readonly seconds: number;
  /** Milliseconds without a byte (bookmarks included) after which the connection counts as dead. */
  readonly silenceMs: number;
  readonly signal: AbortSignal;
  readonly event: (event: WatchEvent<T>) => void;
  /** The version from which the next watch goes on. */
  readonly version: (resourceVersion: string) => void;
}

interface Line {
  readonly type: string;
  readonly object: KubeObject & { readonly code?: number; readonly message?: string };
}

/** One watch, from its request to its end. Rejects only with the signal's reason. */
export async function watchOnce<T>(client: KubeClient, options: WatchOptions<T>): Promise<WatchEnd> {
  const { signal, silenceMs } = options;
  try {
    const response = await client.stream(`${options.path}?${query(options)}`, silenceMs, signal);
    const status = response.statusCode ?? 0;
    if (status !== 200) {
      const { message } = failureOf(status, await readAll(response, signal), undefined);
      if (status === 410) return { type: 'expired' };
      return status === 403 || status === 404 ? { type: 'refused', status, reason: message } : { type: 'again', reason: `HTTP ${status}: ${message}` };
    }
    let broken: Error | undefined;
    response.on('error', (error) => (broken = error));
    for await (const text of createInterface({ input: response, crlfDelay: Infinity })) {
      const end = take(text, options);
      if (end === undefined) continue;
      response.destroy();
      return end;
    }
    signal.throwIfAborted();
    return { type: 'again', reason: broken?.message ?? 'the server ended the watch' };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ConnectionFailed || isConnectionError(error)) return { type: 'again', reason: (error as Error).message };
    throw error;
  }
}

function take<T>(text: string, { event, version }: WatchOptions<T>): WatchEnd | undefined {
  let line: Line;
  try {
    line = JSON.parse(text) as Line;
  } catch {
    // A connection that was cut in the middle of a line.
    return { type: 'again', reason: 'the last event was cut off' };
  }
  if (line.type === 'ERROR') {
    return line.object.code === 410 ? { type: 'expired' } : { type: 'again', reason: line.object.message ?? 'the server reported an error' };
  }
  if (line.type === 'ADDED' || line.type === 'MODIFIED' || line.type === 'DELETED') event({ type: line.type, object: line.object as unknown as T });
  const { resourceVersion } = line.object.metadata;
  if (resourceVersion !== undefined) version(resourceVersion);
  return undefined;
}

function query<T>({ labelSelector, resourceVersion, seconds }: WatchOptions<T>): URLSearchParams {
  return new URLSearchParams({
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion,
    timeoutSeconds: String(seconds),
    ...(labelSelector === undefined ? {} : { labelSelector }),
  });
}

function isConnectionError(error: unknown): boolean {
  return error instanceof Error && 'code' in error;
}
