import type { Duplex } from 'node:stream';
import WebSocket, { createWebSocketStream } from 'ws';
import type { KubeClient } from './client.ts';
import { failureOf, KubeError } from './error.ts';
import { readAll } from './exchange.ts';

/** Milliseconds: virt-api dials the guest before it answers, and a guest without a listener keeps it waiting. */
const HANDSHAKE_LIMIT = 10_000;
/** KubeVirt's framing: binary messages are the stream, and nothing else is sent. */
const PROTOCOL = 'plain.kubevirt.io';

/** A TCP connection to a port of a machine, through the API server and KubeVirt's. @throws KubeError */
export async function openPort(client: KubeClient, namespace: string, machine: string, port: number): Promise<Duplex> {
  const { headers, tls, agent } = await client.connection.access();
  const path = `/apis/subresources.kubevirt.io/v1/namespaces/${encodeURIComponent(namespace)}/virtualmachineinstances/${encodeURIComponent(machine)}/portforward/${port}/tcp`;
  const url = client.connection.server.replace(/^http/, 'ws') + path;
  // Only a proxy has to stay in between: a pool would hand the socket on to others.
  const proxy = 'proxy' in agent ? { agent } : {};
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, [PROTOCOL], { ...tls, ...proxy, headers, handshakeTimeout: HANDSHAKE_LIMIT, perMessageDeflate: false });
    const fail = (failure: ReturnType<typeof failureOf>, cause?: unknown) => reject(new KubeError(`GET ${path}`, failure, cause));
    socket.on('open', () => resolve(createWebSocketStream(socket)));
    socket.on('error', (error) => fail({ reason: error.name, message: error.message, unsent: false }, error));
    socket.on('unexpected-response', (request, response) => {
      readAll(response, undefined)
        .catch(() => '')
        .then((body) => fail(failureOf(response.statusCode ?? 0, body, undefined)))
        .finally(() => request.destroy());
    });
  });
}
