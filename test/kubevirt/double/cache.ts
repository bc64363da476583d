import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient, ApiObject } from '../api-client.ts';
import { KINDS, type Kind } from './kinds.ts';

/** Everything of the watched kinds as the API server has it; lists again whenever a watch ends. */
export class Cache {
  readonly #objects = new Map<Kind, Map<string, ApiObject>>();
  readonly #client: ApiClient;
  readonly #changed: (namespace: string) => void;

  constructor(client: ApiClient, changed: (namespace: string) => void) {
    this.#client = client;
    this.#changed = changed;
    for (const kind of Object.keys(KINDS) as Kind[]) this.#objects.set(kind, new Map());
  }

  /** Resolves when the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all((Object.keys(KINDS) as Kind[]).map(async (kind) => this.#follow(kind, signal)));
  }

  in(kind: Kind, namespace: string): ApiObject[] {
    return this.all(kind).filter(({ metadata }) => metadata.namespace === namespace);
  }

  all(kind: Kind): ApiObject[] {
    return [...(this.#objects.get(kind)?.values() ?? [])];
  }

  find(kind: Kind, namespace: string, name: string | undefined): ApiObject | undefined {
    return this.#objects.get(kind)?.get(`${namespace}/${name ?? ''}`);
  }

  async #follow(kind: Kind, signal: AbortSignal): Promise<void> {
    const objects = this.#objects.get(kind) ?? new Map<string, ApiObject>();
    while (!signal.aborted) {
      try {
        const list = await this.#client.get(KINDS[kind]);
        // in a list of Kubernetes' own kinds the items do not say what they are
        const items = (list['items'] as ApiObject[]).map((item) => ({ ...item, apiVersion: list.apiVersion ?? '', kind }));
        const known = new Set(items.map(keyOf));
        for (const [key, object] of objects) if (!known.has(key)) this.#forget(objects, key, object);
        for (const item of items) this.#set(objects, item);
        await this.#client.watch(KINDS[kind], list.metadata.resourceVersion ?? '0', signal, ({ type, object }) => {
          if (type === 'ADDED' || type === 'MODIFIED') this.#set(objects, object);
          else if (type === 'DELETED') this.#forget(objects, keyOf(object), object);
        });
      } catch {
        // the API server is away; so is everybody's
      }
      await delay(200, undefined, { signal }).catch(() => undefined);
    }
  }

  #set(objects: Map<string, ApiObject>, object: ApiObject): void {
    objects.set(keyOf(object), object);
    this.#changed(namespaceOf(object));
  }

  #forget(objects: Map<string, ApiObject>, key: string, object: ApiObject): void {
    objects.delete(key);
    this.#changed(namespaceOf(object));
  }
}

function keyOf({ metadata }: ApiObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}

/** A volume belongs to the namespace of its claim. */
function namespaceOf({ metadata, spec }: ApiObject): string {
  const claim = (spec as { claimRef?: { namespace?: string } } | undefined)?.claimRef;
  return metadata.namespace ?? claim?.namespace ?? '';
}
