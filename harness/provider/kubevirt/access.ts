import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import type { KubeClient } from './kube/client.ts';
import { openPort } from './kube/port.ts';

/** A listener of this process that leads to a machine's sshd. */
export interface Tunnel {
  readonly address: string;
  readonly port: number;
  /** Why the last connection came to nothing; for the diagnosis. */
  readonly lastError?: string;
}

/** One listener for each machine that cannot be reached straight; they end with the lease, or with this process. */
export interface Tunnels {
  to(namespace: string, machine: string): Promise<Tunnel>;
  close(namespace: string): Promise<void>;
}

const LOOPBACK = '127.0.0.1';
const SSH_PORT = 22;

export function createTunnels(client: KubeClient, open: typeof openPort = openPort): Tunnels {
  const known = new Map<string, Promise<{ readonly tunnel: Tunnel; readonly close: () => Promise<void> }>>();
  return {
    async to(namespace, machine) {
      const key = `${namespace}/${machine}`;
      const entry = known.get(key) ?? listen(() => open(client, namespace, machine, SSH_PORT));
      known.set(key, entry);
      return (await entry).tunnel;
    },
    async close(namespace) {
      const mine = [...known.entries()].filter(([key]) => key.startsWith(`${namespace}/`));
      for (const [key] of mine) known.delete(key);
      await Promise.all(mine.map(async ([, entry]) => (await entry).close()));
    },
  };
}

async function listen(dial: () => ReturnType<typeof openPort>): Promise<{ tunnel: Tunnel; close: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const state: { lastError?: string } = {};
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    dial().then(
      (stream) => {
        // Whichever side ends first ends the other: a half-open SSH connection is of no use.
        const end = () => {
          stream.destroy();
          socket.destroy();
        };
        pipeline(socket, stream, end);
        pipeline(stream, socket, end);
      },
      (error: unknown) => {
        state.lastError = error instanceof Error ? error.message : String(error);
        socket.destroy();
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: LOOPBACK, port: 0 }, resolve);
  });
  // A command that only wanted to look must be able to end.
  server.unref();
  const { port } = server.address() as AddressInfo;
  const tunnel = {
    address: LOOPBACK,
    port,
    get lastError() {
      return state.lastError as string;
    },
  };
  return { tunnel, close: () => close(server, sockets) };
}

async function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const socket of sockets) socket.destroy();
  await closed;
}
