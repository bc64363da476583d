/** What we use of `ws`; @types/ws is a development dependency that nothing else needs. */
declare module 'ws' {
  import type { ClientRequestArgs } from 'node:http';
  import type { Duplex } from 'node:stream';

  export default class WebSocket {
    constructor(address: string, protocols: readonly string[], options: ClientRequestArgs & Record<string, unknown>);
    on(event: 'open', listener: () => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
    on(event: 'unexpected-response', listener: (request: { destroy(): void }, response: import('node:http').IncomingMessage) => void): this;
    terminate(): void;
  }
  export function createWebSocketStream(socket: WebSocket): Duplex;
}
