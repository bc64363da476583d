import { Agent as HttpAgent, type AgentOptions as HttpAgentOptions, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent, type AgentOptions, type RequestOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import { KubeConfig } from '@kubernetes/client-node';
import type { Dial } from '../check.ts';

type Created = (error: Error | null, stream: Duplex) => void;

/** HTTP over dialled connections. */
export class DialAgent extends HttpAgent {
  readonly #dial: Dial;

  constructor(dial: Dial, options: HttpAgentOptions = {}) {
    super(options);
    this.#dial = dial;
  }

  override createConnection(options: ClientRequestArgs, created?: Created): undefined {
    deliver(this.#dial(String(options.host), Number(options.port)), created);
  }
}

/** The same with TLS: the host that was asked for stays the one that the certificate must name. */
export class SecureDialAgent extends HttpsAgent {
  readonly #dial: Dial;

  constructor(dial: Dial, options: AgentOptions = {}) {
    super(options);
    this.#dial = dial;
  }

  override createConnection(options: RequestOptions, created?: Created): undefined {
    const dialled = this.#dial(String(options.host), Number(options.port));
    deliver(dialled.then((socket) => connect({ ...(options as AgentOptions), host: String(options.host), socket })), created);
  }
}

function deliver(dialled: Promise<Duplex>, created: Created | undefined): void {
  dialled.then(
    (stream) => created?.(null, stream),
    (error: Error) => created?.(error, undefined as never),
  );
}

/** A kubeconfig for client-node's own requests and WebSockets, over dialled connections where there is no other way. */
export class DialledKubeConfig extends KubeConfig {
  readonly #dial: Dial | undefined;

  constructor(dial: Dial | undefined) {
    super();
    this.#dial = dial;
  }

  override async applyToHTTPSOptions(options: RequestOptions): Promise<void> {
    await super.applyToHTTPSOptions(options);
    if (this.#dial === undefined) return;
    const { ca, cert, key } = options;
    options.agent = new SecureDialAgent(this.#dial, { ca, cert, key });
  }
}
