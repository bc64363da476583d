import { spawn, type SpawnOptionsWithoutStdio } from 'node:child_process';
import { Agent as HttpAgent, type IncomingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import { KubeConfig, type Cluster } from '@kubernetes/client-node';
import { ProofgridError } from '../../../../lifecycle/error.ts';

export interface ConnectionOptions {
  /** Default: `KUBECONFIG`, then `~/.kube/config`, then the pod's service account. */
  readonly kubeconfig?: string;
  /** Default: the kubeconfig's current context. */
  readonly context?: string;
  /** Milliseconds that an exec plugin may take. */
  readonly pluginLimitMs?: number;
  /** Milliseconds after which an idle connection is closed by us, before a server does so under a request. */
  readonly idleMs?: number;
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
/**
 * Milliseconds that an idle connection is kept. The API server closes one after 90 s, load balancers after a minute: a
 * creation sent just then gets no answer, and may not be repeated.
 * https://github.com/kubernetes/kubernetes/blob/v1.37.0/staging/src/k8s.io/apiserver/pkg/server/secure_serving.go (`IdleTimeout`)
 */
const IDLE_LIMIT = 30_000;

/** @throws ProofgridError KUBECONFIG_UNUSABLE */
export function connection(options: ConnectionOptions = {}): Connection {
  const config = loadConfig(options);
  const cluster = checked(config);
  limitPlugins(config, options.pluginLimitMs ?? PLUGIN_LIMIT);
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
    const pool = { keepAlive: true, maxSockets: SOCKETS, timeout: options.idleMs ?? IDLE_LIMIT };
    const proxied = cluster.proxyUrl !== undefined && found.agent instanceof HttpAgent ? found.agent : undefined;
    const agent = proxied ?? (cluster.server.startsWith('https:') ? new HttpsAgent({ ...pool, ...tls }) : new HttpAgent(pool));
    return { agent, headers, tls, identity: now };
  };
  return {
    server: cluster.server.replace(/\/+$/, ''),
    inCluster: config.getCurrentContext() === 'inClusterContext',
    async access() {
      if (known !== undefined && performance.now() - known.at < CREDENTIALS_AGE) return known.access;
      // whoever asks meanwhile shares the answer, and the error that says what it is
      const fresh = refresh(known?.access, known?.identity ?? '').catch((cause: unknown) => {
        throw unusable(`the credentials cannot be had: ${whyNot(cause)}`, cause);
      });
      const entry = { at: performance.now(), identity: known?.identity ?? '', access: fresh as Promise<Access> };
      known = entry;
      try {
        const { identity } = await fresh;
        if (known === entry) known = { ...entry, identity };
        return await fresh;
      } catch (error) {
        if (known === entry) known = undefined;
        throw error;
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
    throw unusable(`${kubeconfig ?? process.env['KUBECONFIG'] ?? '~/.kube/config'} is no kubeconfig: ${whyNot(cause)}`, cause);
  }
  if (context === undefined) return config;
  if (config.getContextObject(context) === null) {
    throw unusable(`there is no context ${context}, only ${config.getContexts().map(({ name }) => name).join(', ')}`);
  }
  config.setCurrentContext(context);
  return config;
}

/** What requests would trip over later, or not at all: the library goes on without what a context names in vain. */
function checked(config: KubeConfig): Cluster {
  const name: string | undefined = config.getCurrentContext();
  const contexts = config.getContexts().map((context) => context.name);
  if (name === undefined || name === '') throw unusable(`the kubeconfig has no current context${contexts.length === 0 ? '' : `, only ${contexts.join(', ')} to choose from`}`);
  const context = config.getContextObject(name);
  if (context === null) throw unusable(`the current context ${JSON.stringify(name)} does not exist, only ${contexts.join(', ') || 'none'}`);
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw unusable(`the context ${JSON.stringify(name)} names the cluster ${JSON.stringify(context.cluster)}, which does not exist`);
  // what the library makes up where there is no kubeconfig at all
  if (name === 'loaded-context' && cluster.server === 'http://localhost:8080') throw unusable('there is neither KUBECONFIG nor ~/.kube/config, and this process is in no pod');
  if (config.getCurrentUser() === null) throw unusable(`the context ${JSON.stringify(name)} names the user ${JSON.stringify(context.user)}, which does not exist`);
  if (!/^https?:$/.test(protocolOf(cluster.server))) throw unusable(`the server ${JSON.stringify(cluster.server)} of the cluster ${JSON.stringify(cluster.name)} is no https:// address`);
  if (cluster.proxyUrl !== undefined && protocolOf(cluster.proxyUrl) === '') throw unusable(`the proxy-url ${JSON.stringify(cluster.proxyUrl)} of the cluster ${JSON.stringify(cluster.name)} is no address`);
  return cluster;
}

function protocolOf(address: string): string {
  return URL.canParse(address) ? new URL(address).protocol : '';
}

/** Milliseconds for a plugin that prints credentials; the library would wait for ever, and whoever logs in has to do so before. */
const PLUGIN_LIMIT = 60_000;

/** A plugin that hangs is ended, and its pipes with it: what it has started itself may hold them. */
function limitPlugins(config: KubeConfig, limitMs: number): void {
  for (const plugin of config['authenticators'] as readonly { execFn?: typeof spawn }[]) {
    if (plugin.execFn === undefined) continue;
    plugin.execFn = ((command: string, words: readonly string[], options: SpawnOptionsWithoutStdio) => {
      const child = spawn(command, words, options);
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        child.emit('error', new Error(`the exec plugin ${command} did not end within ${limitMs / 1000} s`));
        child.stderr.destroy();
        child.stdout.destroy();
      }, limitMs);
      child.once('close', () => clearTimeout(timer));
      return child;
    }) as typeof spawn;
  }
}

/** In one line. Of output that does not parse nothing is repeated: it may be half a token. */
function whyNot(cause: unknown): string {
  if (cause instanceof SyntaxError) return 'the exec plugin printed no ExecCredential';
  const message = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof TypeError) return 'it is empty, or not of the kind Config';
  return message.replace(/\s*\n[\s\S]*$/, '').trim() || 'the exec plugin failed without a word';
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
