import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { greets } from '../../machine/login.ts';
import type { Machine } from '../contract.ts';
import type { Context } from './context.ts';
import type { KubeClient } from './kube/client.ts';
import type { Connection } from './kube/connection.ts';
import { openPort } from './kube/port.ts';
import type { Site } from './site.ts';

/** What may be tried to reach a machine; straight comes first. */
export interface Ways {
  readonly straight: boolean;
  readonly tunnelled: boolean;
}

/** A runner inside the cluster has the machines' network: a detour would only hide what is wrong with it. */
export function waysOf({ access }: Pick<Site, 'access'>, { inCluster }: Pick<Connection, 'inCluster'>): Ways {
  return { straight: access !== 'api-server', tunnelled: access === 'api-server' || (access === 'auto' && !inCluster) };
}

type Reaching = Pick<Context, 'ways' | 'tunnels'>;

/**
 * The machine by the first way on which its sshd greets; the same address in both. The straight way is tried once more after
 * the detour: sshd may have started between the two, and a detour taken by chance dies with the API server.
 */
export async function reach({ ways, tunnels }: Reaching, namespace: string, machine: Machine): Promise<Machine | undefined> {
  if (ways.straight && (await greets(machine, STRAIGHT_LIMIT))) return machine;
  if (!ways.tunnelled) return undefined;
  const through = await detour(tunnels, namespace, machine);
  if (!(await greets(through))) return undefined;
  return ways.straight && (await greets(machine)) ? machine : through;
}

/** The same for one that was reached before, whether its sshd greets just now or not. */
export async function anyway({ ways, tunnels }: Reaching, namespace: string, machine: Machine): Promise<Machine> {
  if (!ways.tunnelled || (ways.straight && (await greets(machine)))) return machine;
  return detour(tunnels, namespace, machine);
}

async function detour(tunnels: Tunnels, namespace: string, machine: Machine): Promise<Machine> {
  const { address, port } = await tunnels.to(namespace, machine.name);
  return { ...machine, via: { address, port } };
}

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
/** Milliseconds: where there is a way, sshd greets at once. */
const STRAIGHT_LIMIT = 1000;

export function createTunnels(client: KubeClient, open: typeof openPort = openPort): Tunnels {
  const known = new Map<string, Promise<{ readonly tunnel: Tunnel; readonly close: () => Promise<void> }>>();
  return {
    async to(namespace, machine) {
      const key = `${namespace}/${machine}`;
      const entry = known.get(key) ?? listen(() => open(client, namespace, machine, SSH_PORT));
      known.set(key, entry);
      // a port that could not be had now may be had the next time
      entry.catch(() => known.delete(key));
      return (await entry).tunnel;
    },
    async close(namespace) {
      const mine = [...known.entries()].filter(([key]) => key.startsWith(`${namespace}/`));
      for (const [key] of mine) known.delete(key);
      await Promise.allSettled(mine.map(async ([, entry]) => (await entry).close()));
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
