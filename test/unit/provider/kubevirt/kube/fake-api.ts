import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { kubeClient, type ClientOptions, type KubeClient } from '../../../../../harness/provider/kubevirt/kube/client.ts';

export type Handler = (request: IncomingMessage & { readonly text: string }, response: ServerResponse, attempt: number) => void;

export interface FakeApi {
  readonly client: KubeClient;
  readonly port: number;
  /** The one that runs at first. */
  readonly server: Server;
  readonly requests: { readonly method: string; readonly url: string; readonly text: string; readonly type: string }[];
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** A local HTTP server that answers, resets, stalls or goes away as a test says, and a client for it. */
export async function fakeApi(handler: Handler, options: ClientOptions = {}): Promise<FakeApi> {
  const requests: { method: string; url: string; text: string; type: string }[] = [];
  const make = () =>
    createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        requests.push({ method: request.method ?? '', url: decodeURIComponent(request.url ?? ''), text, type: request.headers['content-type'] ?? '' });
        handler(Object.assign(request, { text }), response, requests.length);
      });
    });
  let server = make();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const directory = await mkdtemp(join(tmpdir(), 'proofgrid-kube-'));
  const kubeconfig = join(directory, 'config');
  writeFileSync(kubeconfig, kubeconfigFor(port));
  // no test meets a limit that it does not set: a host that stands still for a moment must not repeat a request
  const client = kubeClient({ kubeconfig, silenceMs: 60_000, retryLimitMs: 60_000, ...options });
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(async () => {
    client.close();
    await stop();
    await rm(directory, { recursive: true });
  });
  return {
    ...{ client, port, server, requests, stop },
    async start() {
      server = make();
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
  };
}

function kubeconfigFor(port: number): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { token: 'secret-token' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
}

export function json(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

export const status = (code: number, message: string, reason = '') => ({ kind: 'Status', code, message, reason });
