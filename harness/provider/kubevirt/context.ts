import { kubeClient, type ClientOptions, type KubeClient } from './kube/client.ts';
import { serverClock, type ServerClock } from './clock.ts';
import type { Site } from './site.ts';
import { createTunnels, waysOf, type Tunnels, type Ways } from './access.ts';

/** What every part of the provider works with. */
export interface Context {
  readonly client: KubeClient;
  readonly site: Site;
  readonly clock: ServerClock;
  readonly tunnels: Tunnels;
  readonly ways: Ways;
  /** `<lease>/<machine>` → uid of the instance that was proved ready: one made anew is another machine. Decision 0101. */
  readonly instances: Map<string, string>;
}

export interface ContextOptions extends ClientOptions {
  readonly site: Site;
}

export async function createContext({ site, ...options }: ContextOptions): Promise<Context> {
  const client = kubeClient(options);
  return { client, site, clock: serverClock(), tunnels: createTunnels(client), ways: waysOf(site, client.connection), instances: new Map() };
}
