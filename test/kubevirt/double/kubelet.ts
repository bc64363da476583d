import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:https';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ControlPlane } from '../control-plane.ts';
import type { Context } from './context.ts';
import { WebSocketServerEnd } from './web-socket.ts';

/**
 * The kubelet's side of `pods/log` and `pods/portforward`: the API server itself proxies both to here, so that this is the
 * only place where they are not real. Protocol: k8s.io/kubernetes/pkg/kubelet/cri/streaming/portforward/websocket.go,
 * two channels a port (data, error), the first message on each is the port, little-endian.
 */
export async function startKubelet({ kubelet }: ControlPlane, context: Context): Promise<{ port: number; stop: () => Promise<void> }> {
  const server = createServer({ cert: await readFile(kubelet.certificate), key: await readFile(kubelet.key) }, (request, response) => {
    const [, action = '', namespace = '', pod = ''] = new URL(request.url ?? '/', 'https://kubelet').pathname.split('/');
    const machine = machineOf(context, namespace, pod);
    if (action !== 'containerLogs' || machine === undefined) return void response.writeHead(404).end(`no ${action} of ${namespace}/${pod}\n`);
    context.backend.console(namespace, machine).then(
      (text) => response.writeHead(200, { 'content-type': 'text/plain' }).end(text),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  const sockets = new Set<Duplex>();
  server.on('upgrade', (request, socket) => {
    const url = new URL(request.url ?? '/', 'https://kubelet');
    const [, action = '', namespace = '', pod = ''] = url.pathname.split('/');
    const address = addressOf(context, namespace, pod);
    const ports = url.searchParams.getAll('port').flatMap((value) => value.split(',')).map(Number);
    if (action !== 'portForward' || address === undefined) return void socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    forward(new WebSocketServerEnd(request, socket, 'v4.channel.k8s.io'), address, ports);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as { port: number }).port,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function forward(webSocket: WebSocketServerEnd, address: string, ports: readonly number[]): void {
  const targets = ports.map((port, index) => {
    const number = Buffer.from([port & 255, port >> 8]);
    const [data, error] = [index * 2, index * 2 + 1];
    webSocket.send(Buffer.concat([Buffer.from([data]), number]));
    webSocket.send(Buffer.concat([Buffer.from([error]), number]));
    const target = connect({ host: address, port });
    target.on('data', (chunk) => {
      if (webSocket.send(Buffer.concat([Buffer.from([data]), chunk]))) return;
      target.pause();
      webSocket.whenDrained(() => target.resume());
    });
    target.on('error', (failure) => webSocket.send(Buffer.concat([Buffer.from([error]), Buffer.from(`error forwarding port ${port}: ${failure.message}`)])));
    target.on('close', () => webSocket.close());
    return target;
  });
  webSocket.onMessage = (message) => void targets[(message[0] ?? 0) >> 1]?.write(message.subarray(1));
  webSocket.onClose = () => targets.forEach((target) => target.destroy());
}

function machineOf({ cache }: Context, namespace: string, pod: string): string | undefined {
  return cache.find('Pod', namespace, pod)?.metadata.ownerReferences?.[0]?.name;
}

function addressOf({ cache, guests }: Context, namespace: string, pod: string): string | undefined {
  const guest = guests.get(cache.find('Pod', namespace, pod)?.metadata.uid ?? '');
  return guest?.state === 'running' ? guest.address : undefined;
}
