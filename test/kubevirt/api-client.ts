import { Agent, request, type RequestOptions } from 'node:https';
import { createInterface } from 'node:readline';
import { KubeConfig } from '@kubernetes/client-node';
import { waitFor } from '../../harness/provider/wait.ts';

/** Any object of the API; the double and the tests look at few of its fields. */
export interface ApiObject {
  apiVersion?: string;
  kind?: string;
  metadata: {
    name?: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    deletionTimestamp?: string;
    finalizers?: string[];
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences?: { apiVersion: string; kind: string; name: string; uid: string; controller?: boolean }[];
    [field: string]: unknown;
  };
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as open as the API itself
  [field: string]: any;
}

/** Milliseconds without a byte: nothing is proved by it, a hang ends. */
const ANSWER_LIMIT = 120_000;
/** Milliseconds: a new kind is read within seconds. */
const BUSY_LIMIT = 120_000;
/** Milliseconds: the API server closes an idle connection after 90 s, and a request sent just then gets no answer. */
const IDLE_LIMIT = 30_000;

export class ApiError extends Error {
  readonly status: number;

  constructor(method: string, path: string, status: number, body: string) {
    super(`${method} ${path}: HTTP ${status}: ${body.slice(0, 800)}`);
    this.name = 'ApiError';
    this.status = status;
  }
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: ApiObject;
}

/** A plain client for tests; deliberately not the product's, whose faults it would share. */
export class ApiClient {
  readonly #base: URL;
  readonly #agent: Agent;

  private constructor(base: URL, agent: Agent) {
    this.#base = base;
    this.#agent = agent;
  }

  static async connect(kubeconfig: string): Promise<ApiClient> {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    const identity: { ca?: string; cert?: string; key?: string } = {};
    await config.applyToHTTPSOptions(identity as Parameters<KubeConfig['applyToHTTPSOptions']>[0]);
    const { ca = '', cert = '', key = '' } = identity;
    return new ApiClient(new URL(config.getCurrentCluster()?.server ?? ''), new Agent({ keepAlive: true, maxSockets: 32, timeout: IDLE_LIMIT, ca, cert, key }));
  }

  get(path: string): Promise<ApiObject> {
    return this.#json('GET', path);
  }

  async list(path: string): Promise<ApiObject[]> {
    return ((await this.#json('GET', path)) as unknown as { items: ApiObject[] }).items;
  }

  /** Undefined when it does not exist. */
  async find(path: string): Promise<ApiObject | undefined> {
    return absent(this.get(path));
  }

  create(path: string, object: object): Promise<ApiObject> {
    return this.#json('POST', path, object);
  }

  /** Creates it unless it is there. */
  async ensure(path: string, object: object): Promise<void> {
    await this.create(path, object).catch((error: unknown) => {
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
    });
  }

  merge(path: string, change: object): Promise<ApiObject> {
    return this.#json('PATCH', path, change, 'application/merge-patch+json');
  }

  apply(path: string, object: object, manager = 'test'): Promise<ApiObject> {
    return this.#json('PATCH', `${path}?fieldManager=${manager}&force=true`, object, 'application/apply-patch+yaml');
  }

  async delete(path: string, options: object = {}): Promise<void> {
    await absent(this.#json('DELETE', path, { kind: 'DeleteOptions', apiVersion: 'v1', ...options }));
  }

  text(path: string): Promise<string> {
    return this.#send('GET', path);
  }

  async #json(method: string, path: string, body?: object, type = 'application/json'): Promise<ApiObject> {
    return JSON.parse(await this.#send(method, path, body, type)) as ApiObject;
  }

  /** Asks again while the API server is too busy, or (from 1.33 on) still reads the objects of a new kind: as every client of Kubernetes does. */
  async #send(method: string, path: string, body?: object, type?: string): Promise<string> {
    const busy = async () =>
      this.#sendOnce(method, path, body, type).catch((error: unknown) => {
        if (error instanceof ApiError && error.status === 429) return undefined;
        throw error;
      });
    return waitFor({ name: `${method} ${path} is not refused as too many requests`, limitMs: BUSY_LIMIT, intervalMs: 200 }, busy);
  }

  #sendOnce(method: string, path: string, body?: object, type = 'application/json'): Promise<string> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = text === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(text) };
    const options: RequestOptions = { method, headers, agent: this.#agent, timeout: ANSWER_LIMIT };
    return new Promise((resolve, reject) => {
      const sent = request(new URL(path, this.#base), options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const answer = Buffer.concat(chunks).toString();
          const status = response.statusCode ?? 0;
          if (status < 300) resolve(answer);
          else reject(new ApiError(method, path, status, answer));
        });
      });
      sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer`)));
      sent.on('error', reject);
      sent.end(text);
    });
  }

  /** Calls `changed` for every event until the connection ends; rejects never. */
  async watch(path: string, resourceVersion: string, signal: AbortSignal, changed: (event: WatchEvent) => void): Promise<void> {
    const query = `${path}${path.includes('?') ? '&' : '?'}watch=1&timeoutSeconds=300&resourceVersion=${resourceVersion}`;
    await new Promise<void>((resolve) => {
      const sent = request(new URL(query, this.#base), { agent: this.#agent, signal }, (response) => {
        const lines = createInterface({ input: response });
        lines.on('line', (line) => {
          const event = parsed(line);
          if (event === undefined) response.destroy();
          else changed(event);
        });
        lines.on('close', () => resolve());
        lines.on('error', () => resolve());
        response.on('error', () => resolve());
      });
      sent.on('error', () => resolve());
      sent.end();
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Undefined for what no watch says: a line that was cut off with its connection, or a refusal in plain text. */
function parsed(line: string): WatchEvent | undefined {
  try {
    return JSON.parse(line) as WatchEvent;
  } catch {
    return undefined;
  }
}

async function absent<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  });
}
