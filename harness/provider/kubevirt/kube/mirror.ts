import { setTimeout as delay } from 'node:timers/promises';
import type { KubeObject } from '../objects.ts';
import type { KubeClient, Listed } from './client.ts';
import { hasStatus } from './error.ts';
import { resourcePath, type Place } from './path.ts';
import { watchOnce, type WatchEnd } from './watch.ts';

export interface MirrorOptions {
  readonly labelSelector?: string;
  readonly signal: AbortSignal;
  /** Called after the first list and after every change. */
  readonly changed: () => void;
  readonly watchSeconds?: number;
  readonly silenceMs?: number;
}

/** A live copy of a list of objects. */
export interface Mirror<T> {
  readonly items: readonly T[];
  find(name: string): T | undefined;
  /** Resolves after the first list, with rejection when that is refused. */
  readonly synced: Promise<void>;
  /** Why the last watch ended, and how many there were; for diagnosis. */
  readonly health: { readonly watches: number; readonly lists: number; readonly lastEnd?: string };
}

/** Seconds. client-go uses 5 to 10 minutes. */
const WATCH_SECONDS = 300;
/** Milliseconds between two watches that failed at once. */
const PAUSE = [100, 500, 1000, 2000, 5000] as const;

/**
 * Lists, then watches, for as long as the signal lets it: over resets, silence, expired versions and restarts of the API
 * server. A resource that does not exist is an empty list, and looked for again with every turn.
 */
export function mirror<T extends KubeObject>(client: KubeClient, place: Place, options: MirrorOptions): Mirror<T> {
  const { signal, changed, watchSeconds = WATCH_SECONDS, silenceMs = client.watchSilenceMs } = options;
  const selector = options.labelSelector === undefined ? {} : { labelSelector: options.labelSelector };
  const objects = new Map<string, T>();
  const health: { watches: number; lists: number; lastEnd?: string } = { watches: 0, lists: 0 };
  const keyOf = ({ metadata: { namespace = '', name } }: T) => `${namespace}/${name}`;

  const relist = async (): Promise<string> => {
    const { items, resourceVersion } = await client.list<T>(place, { ...selector, signal }).catch(absent<T>);
    health.lists += 1;
    objects.clear();
    for (const item of items) objects.set(keyOf(item), item);
    changed();
    return resourceVersion;
  };

  const follow = async (from: string) => {
    let version = from;
    for (let failures = 0; ; ) {
      const begun = performance.now();
      health.watches += 1;
      const end: WatchEnd = await watchOnce<T>(client, {
        path: resourcePath(place),
        ...selector,
        ...{ resourceVersion: version, seconds: watchSeconds, silenceMs, signal },
        event({ type, object }) {
          if (type === 'DELETED') objects.delete(keyOf(object));
          else objects.set(keyOf(object), object);
          changed();
        },
        version: (next) => (version = next),
      });
      health.lastEnd = end.type === 'expired' ? 'expired' : end.reason;
      // One that lived for a while is no failure, however it ended.
      failures = performance.now() - begun > 5000 ? 0 : failures + 1;
      if (failures > 0) await delay(PAUSE[Math.min(failures, PAUSE.length) - 1], undefined, { signal });
      if (end.type === 'again') continue;
      if (end.type === 'refused') await delay(PAUSE[4], undefined, { signal });
      version = await relist();
    }
  };

  const first = relist();
  const synced = first.then(() => undefined);
  // Only the signal ends it: lists repeat themselves inside the client, and one that still fails is tried again.
  void first.then(follow).catch((error: unknown) => restart(error));
  const restart = (error: unknown): void => {
    if (signal.aborted) return;
    health.lastEnd = error instanceof Error ? error.message : String(error);
    void delay(PAUSE[4], undefined, { signal }).then(relist).then(follow).catch(restart);
  };
  synced.catch(() => undefined);
  return {
    get items() {
      return [...objects.values()];
    },
    find: (name) => [...objects.values()].find(({ metadata }) => metadata.name === name),
    synced,
    health,
  };
}

function absent<T>(error: unknown): Listed<T> {
  if (hasStatus(error, 404)) return { items: [], resourceVersion: '0', date: new Date() };
  throw error;
}
