import { Agent as HttpAgent, type IncomingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { ProofgridError } from '../../../../lifecycle/error.ts';

export interface ConnectionOptions {
  /** Default: `KUBECONFIG`, then `~/.kube/config`, then the pod's service account. */
  readonly kubeconfig?: string;
  /** Default: the kubeconfig's current context. */
  readonly context?: string;
}

/** How to talk to the API server right now. */
export interface Access {
  readonly agent: HttpAgent | HttpsAgent;
  readonly headers: Readonly<Record<string, string>>;
  /** TLS options for WebSockets, which do not go through the agent. */
  readonly tls: Readonly<Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>>;
}

export interface Connection {
  readonly server: string;
  /** The service account of the pod that this process runs in. */
  readonly inCluster: boolean;
  /** Fresh at most once a minute: tokens rotate, and plugins that print them are processes. */
  access(): Promise<Access>;
  close(): void;
}

/** Milliseconds that credentials are used before they are asked for again. A pod's token lives for ten minutes at least. */
const CREDENTIALS_AGE = 60_000;
/** Connections of one process; watches hold one each. */
const SOCKETS = 512;

/** @throws ProofgridError KUBECONFIG_UNUSABLE */
export function connection(options: ConnectionOptions = {}): Connection {
  const config = loadConfig(options);
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw unusable(`the context ${JSON.stringify(config.getCurrentContext())} names no cluster`);
  let known: { readonly at: number; readonly identity: string; readonly access: Promise<Access> } | undefined;
  const refresh = async (previous: Promise<Access> | undefined, identity: string): Promise<Access & { identity: string }> => {
    const found: RequestOptions = {};
    await config.applyToHTTPSOptions(found);
    const { ca, cert, key, servername, rejectUnauthorized } = found;
    const tls = defined({ ca, cert, key, servername, rejectUnauthorized });
    const now = [ca, cert, key].map(String).join('\0');
    const headers = flat(found.headers as IncomingHttpHeaders | undefined, found.auth ?? undefined);
    if (previous !== undefined && now === identity) return { ...(await previous), headers, identity };
    if (previous !== undefined) void previous.then(({ agent }) => agent.destroy(), () => undefined);
    const pool = { keepAlive: true, maxSockets: SOCKETS, timeout: 0 };
    const proxied = cluster.proxyUrl !== undefined && found.agent instanceof HttpAgent ? found.agent : undefined;
    const agent = proxied ?? (cluster.server.startsWith('https:') ? new HttpsAgent({ ...pool, ...tls }) : new HttpAgent(pool));
    return { agent, headers, tls, identity: now };
  };
  return {
    server: cluster.server.replace(/\/+$/, ''),
    inCluster: config.getCurrentContext() === 'inClusterContext',
    async access() {
      if (known !== undefined && performance.now() - known.at < CREDENTIALS_AGE) return known.access;
      const fresh = refresh(known?.access, known?.identity ?? '');
      const entry = { at: performance.now(), identity: known?.identity ?? '', access: fresh as Promise<Access> };
      known = entry;
      try {
        const { identity } = await fresh;
        if (known === entry) known = { ...entry, identity };
        return await fresh;
      } catch (cause) {
        if (known === entry) known = undefined;
        throw unusable(`the credentials cannot be had: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
      }
    },
    close: () => void known?.access.then(({ agent }) => agent.destroy(), () => undefined),
  };
}

function loadConfig({ kubeconfig, context }: ConnectionOptions): KubeConfig {
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (cause) {
    throw unusable(`${kubeconfig ?? process.env['KUBECONFIG'] ?? '~/.kube/config'} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  if (context === undefined) return config;
  if (config.getContextObject(context) === null) {
    throw unusable(`there is no context ${context}, only ${config.getContexts().map(({ name }) => name).join(', ')}`);
  }
  config.setCurrentContext(context);
  return config;
}

function flat(headers: IncomingHttpHeaders | undefined, auth: string | undefined): Record<string, string> {
  const pairs = Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)] as const);
  const basic = auth === undefined ? [] : [['authorization', `Basic ${Buffer.from(auth).toString('base64')}`] as const];
  return Object.fromEntries([...pairs, ...basic]);
}

function defined<T extends object>(record: T): { [K in keyof T]-?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as { [K in keyof T]-?: NonNullable<T[K]> };
}

function unusable(what: string, cause?: unknown): ProofgridError {
  return new ProofgridError({
    code: 'KUBECONFIG_UNUSABLE',
    fault: 'usage',
    what: `no Kubernetes cluster can be reached: ${what}`,
    remedy: 'set KUBECONFIG to a kubeconfig whose current context works with kubectl',
    ...(cause === undefined ? {} : { cause }),
  });
}
