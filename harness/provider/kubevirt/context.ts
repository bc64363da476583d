import { kubeClient, type ClientOptions, type KubeClient } from './kube/client.ts';
import { serverClock, type ServerClock } from './clock.ts';
import type { Site } from './site.ts';
import { createTunnels, type Tunnels } from './access.ts';

/** What every part of the provider works with. */
export interface Context {
  readonly client: KubeClient;
  readonly site: Site;
  readonly clock: ServerClock;
  readonly tunnels: Tunnels;
  /** Whether machines are tried straight before they are reached through the API server. */
  readonly straight: boolean;
}

export interface ContextOptions extends ClientOptions {
  readonly site: Site;
  /** Default: true. */
  readonly straight?: boolean;
}

export async function createContext({ site, straight = true, ...options }: ContextOptions): Promise<Context> {
  const client = kubeClient(options);
  return { client, site, clock: serverClock(), tunnels: createTunnels(client), straight };
}
