import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';

/** The network between one client and the API server, for tests to break. TLS goes through it, so that both ends are the real ones. */
export interface NetworkLine {
  /** Path of a kubeconfig that goes through it. */
  readonly kubeconfig: string;
  /** Resets every connection; new ones work. */
  cut(): void;
  /** No byte ever comes over the connections of now again, and nobody is told; new ones work. */
  silence(): void;
  /** Resets every connection, and new ones too. */
  down(): void;
  up(): void;
  stop(): Promise<void>;
}

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

/** @param name of the kubeconfig that is written beside the given one */
export async function networkLine(kubeconfig: string, name: string): Promise<NetworkLine> {
  const config = JSON.parse(await readFile(kubeconfig, 'utf8')) as { clusters: [{ cluster: { server: string } }] };
  const target = new URL(config.clusters[0].cluster.server);
  const pairs = new Set<Pair>();
  let works = true;
  const server = createServer((near) => {
    if (!works) return void near.resetAndDestroy();
    const far = connect({ host: target.hostname, port: Number(target.port) });
    const pair = { near, far };
    pairs.add(pair);
    near.pipe(far);
    far.pipe(near);
    const end = () => {
      // one that was silenced says nothing of the other side's end either
      if (!pairs.delete(pair)) return;
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      socket.on('error', end);
      socket.on('close', end);
    }
  });
  const silenced = new Set<Pair>();
  const cut = () => {
    for (const pair of [...pairs, ...silenced]) {
      pairs.delete(pair);
      silenced.delete(pair);
      pair.near.resetAndDestroy();
      pair.far.destroy();
    }
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  target.port = String((server.address() as { port: number }).port);
  config.clusters[0].cluster.server = target.origin;
  const path = kubeconfig.replace(/[^/]*$/, `${name}.kubeconfig`);
  await writeFile(path, JSON.stringify(config), { mode: 0o600 });
  return {
    kubeconfig: path,
    cut,
    silence() {
      for (const pair of pairs) {
        pairs.delete(pair);
        silenced.add(pair);
        pair.near.unpipe(pair.far).pause();
        pair.far.unpipe(pair.near).pause();
      }
    },
    down() {
      works = false;
      cut();
    },
    up() {
      works = true;
    },
    async stop() {
      works = false;
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
