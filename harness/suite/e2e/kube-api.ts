import { Agent, request } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { ProofgridError } from '../../../lifecycle/error.ts';
import type { Dial } from '../check.ts';
import { SecureDialAgent } from './dial.ts';
import { ProductFault } from './product-fault.ts';

/** Milliseconds for one request: the API server's own limit for a request is 60 s, a healthy one answers in under one. */
const REQUEST_LIMIT = 15_000;

export interface KubeResponse {
  readonly status: number;
  readonly body: string;
  /** The server's own clock, so that no check depends on ours. */
  readonly date: Date;
}

export interface KubeRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
}

/**
 * A client on one shared connection pool, in place of client-node's typed one: that makes a TLS agent per request, drops
 * fields it does not know, and cannot ask one API server of several.
 */
export interface KubeApi {
  readonly server: string;
  /** Any answer, whatever its status. @throws ProductFault when there is none */
  send(request: KubeRequest): Promise<KubeResponse>;
  /** @throws ProductFault when the status is not 2xx */
  get<T>(path: string): Promise<T>;
  post<T>(path: string, object: unknown): Promise<T>;
  /** Removes an object now; that it is gone already is fine. */
  remove(path: string): Promise<void>;
}

/** `admin`: what the kubeconfig holds. `anonymous`: nothing. Otherwise a bearer token. */
export type Credentials = 'admin' | 'anonymous' | { readonly token: string };

export interface ConnectOptions {
  readonly signal: AbortSignal;
  /** Another server than the kubeconfig's, with the same CA. */
  readonly server?: string;
  readonly credentials?: Credentials;
  /** Default: straight to the server's address. */
  readonly dial?: Dial | undefined;
}

interface Way {
  readonly agent: Agent;
  /** Of a user whom the kubeconfig gives a token, or a program that makes one. */
  readonly bearer: Readonly<Record<string, string>>;
}

interface Identity {
  readonly headers?: Readonly<Record<string, string>>;
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
}

const agents = new WeakMap<KubeConfig, Map<string, Promise<Way>>>();

/** Connects nothing yet; equal identities of one kubeconfig share their connections. */
export function connect(kubeConfig: KubeConfig, { signal, server, credentials = 'admin', dial }: ConnectOptions): KubeApi {
  const base = server ?? kubeConfig.getCurrentCluster()?.server;
  if (base === undefined) throw new Error('the kubeconfig names no current cluster');
  const headers: Record<string, string> = typeof credentials === 'string' ? {} : { authorization: `Bearer ${credentials.token}` };
  const send = async (asked: KubeRequest) => {
    const { agent, bearer } = await agentOf(kubeConfig, credentials === 'admin', dial);
    return exchange(new URL(asked.path, base), asked, { ...bearer, ...headers }, agent, signal);
  };
  const succeed = async (asked: KubeRequest) => {
    const response = await send(asked);
    if (response.status >= 200 && response.status < 300) return response;
    throw new ProductFault(`${describe(asked)} succeeds`, `HTTP ${response.status}: ${statusMessage(response.body)}`);
  };
  return {
    server: base,
    send,
    get: async <T>(path: string) => JSON.parse((await succeed({ path })).body) as T,
    post: async <T>(path: string, body: unknown) => JSON.parse((await succeed({ method: 'POST', path, body })).body) as T,
    async remove(path) {
      const asked = { method: 'DELETE', path, body: { gracePeriodSeconds: 0, propagationPolicy: 'Background' } } as const;
      const { status, body } = await send(asked);
      if (status === 404 || status === 409 || status < 300) return;
      throw new ProductFault(`${describe(asked)} succeeds`, `HTTP ${status}: ${statusMessage(body)}`);
    },
  };
}

async function agentOf(kubeConfig: KubeConfig, identified: boolean, dial: Dial | undefined): Promise<Way> {
  const known = agents.get(kubeConfig) ?? new Map<string, Promise<Way>>();
  agents.set(kubeConfig, known);
  const name = identified ? 'admin' : 'nobody';
  const agent = known.get(name) ?? makeAgent(kubeConfig, identified, dial);
  known.set(name, agent);
  return agent;
}

async function makeAgent(kubeConfig: KubeConfig, identified: boolean, dial: Dial | undefined): Promise<Way> {
  const identity: Identity = {};
  await kubeConfig.applyToHTTPSOptions(identity);
  const { ca, cert, key, headers = {} } = identity;
  const trust = ca === undefined ? {} : { ca };
  const self = identified && cert !== undefined && key !== undefined ? { cert, key } : {};
  const options = { keepAlive: true, maxSockets: 8, ...trust, ...self };
  return { agent: dial === undefined ? new Agent(options) : new SecureDialAgent(dial, options), bearer: identified ? headers : {} };
}

function exchange(url: URL, asked: KubeRequest, headers: Record<string, string>, agent: Agent, signal: AbortSignal): Promise<KubeResponse> {
  signal.throwIfAborted();
  const body = asked.body === undefined ? undefined : JSON.stringify(asked.body);
  const type = body === undefined ? {} : { 'content-type': asked.contentType ?? 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const options = { method: asked.method ?? 'GET', agent, signal, timeout: REQUEST_LIMIT, headers: { ...headers, ...type } };
    const sent = request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', fail);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(chunks).toString(),
          date: new Date(response.headers.date ?? Date.now()),
        }),
      );
    });
    const fail = (error: NodeJS.ErrnoException) => {
      if (signal.aborted || error instanceof ProofgridError) return reject(error);
      // A kept connection that the server has just closed is no answer to this request; Node leaves the retry to us.
      if (sent.reusedSocket && error.code === 'ECONNRESET') return resolve(exchange(url, asked, headers, agent, signal));
      reject(new ProductFault(`${describe(asked)} is answered by ${url.origin}`, error.code ?? error.message, error));
    };
    sent.on('error', fail);
    sent.on('timeout', () => sent.destroy(Object.assign(new Error('no answer'), { code: `no answer within ${REQUEST_LIMIT / 1000} s` })));
    sent.end(body);
  });
}

function describe({ method = 'GET', path }: KubeRequest): string {
  return `${method} ${path}`;
}

/** Message of a Kubernetes Status object, or the start of whatever else was answered. */
export function statusMessage(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    if (typeof message === 'string') return message;
  } catch {
    // not JSON: proxies and handlers below the API answer in plain text
  }
  return body.slice(0, 300).trim();
}
