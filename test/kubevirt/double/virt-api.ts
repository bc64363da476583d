import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:https';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { waitFor } from '../../../harness/provider/wait.ts';
import type { ControlPlane } from '../control-plane.ts';
import { ADMISSION_PATH, answerReview, registerAdmission } from './admission.ts';
import type { Context } from './context.ts';
import { path } from './kinds.ts';
import { WebSocketServerEnd } from './web-socket.ts';

/** Milliseconds: nothing is proved by it, a hang ends. */
const AGGREGATION_LIMIT = 240_000;
/** KubeVirt's framing of a forwarded port: binary messages are the stream. */
const PROTOCOL = 'plain.kubevirt.io';
const GROUP = { group: 'subresources.kubevirt.io', version: 'v1' };
const PORT_FORWARD = /^\/apis\/subresources\.kubevirt\.io\/v1\/namespaces\/([^/]+)\/virtualmachineinstances\/([^/]+)\/portforward\/(\d+)(?:\/tcp)?$/;
const PAUSE = /^\/apis\/subresources\.kubevirt\.io\/v1\/namespaces\/([^/]+)\/virtualmachineinstances\/([^/]+)\/(pause|unpause)$/;

/**
 * virt-api's part that answers behind the API server's aggregation layer: `portforward`, `pause` and `unpause` of an instance.
 * The API server authenticates, authorises and proxies as it does in a cluster; this end alone is emulated. A paused guest is
 * a frozen container: its processes stop where they are, as a domain's do, but the host's kernel still answers for its network.
 */
export async function startVirtApi({ kubelet, certificateAuthority }: ControlPlane, context: Context): Promise<{ stop: () => Promise<void> }> {
  const server = createServer({ cert: await readFile(kubelet.certificate), key: await readFile(kubelet.key) }, (request, response) => {
    if (request.url?.startsWith(ADMISSION_PATH) === true) return void answerReview(context, request, response);
    const [, namespace, name, action] = PAUSE.exec(new URL(request.url ?? '/', 'https://virt-api').pathname) ?? [];
    if (request.method === 'PUT' && namespace !== undefined && name !== undefined) {
      void turn(context, namespace, name, action === 'pause').catch((error: unknown) => refusal(500, 'InternalError', String(error))).then((refused) => {
        if (refused === undefined) return response.writeHead(202).end();
        return response.writeHead(refused.code, { 'content-type': 'application/json' }).end(JSON.stringify(refused));
      });
      return;
    }
    if (request.url?.startsWith('/apis/subresources.kubevirt.io/v1') !== true) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ kind: 'APIResourceList', apiVersion: 'v1', groupVersion: 'subresources.kubevirt.io/v1', resources: RESOURCES }));
  });
  const sockets = new Set<Duplex>();
  server.on('upgrade', (request, socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    const [, namespace = '', name = '', port = ''] = PORT_FORWARD.exec(new URL(request.url ?? '/', 'https://virt-api').pathname) ?? [];
    const guest = [...context.guests.values()].find((candidate) => candidate.namespace === namespace && candidate.machine === name);
    if (guest?.state !== 'running' || guest.address === undefined) return void socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
    // virt-api dials the guest before it answers
    const target = connect({ host: guest.address, port: Number(port) });
    target.once('error', () => socket.end('HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\n\r\n'));
    target.once('connect', () => {
      const webSocket = new WebSocketServerEnd(request, socket, PROTOCOL);
      target.removeAllListeners('error');
      target.on('error', () => webSocket.close());
      target.on('close', () => webSocket.close());
      target.on('data', (chunk) => {
        if (webSocket.send(chunk)) return;
        target.pause();
        webSocket.whenDrained(() => target.resume());
      });
      webSocket.onMessage = (message) => void target.write(message);
      webSocket.onClose = () => target.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const caBundle = (await readFile(certificateAuthority)).toString('base64');
  await register(context, port, caBundle);
  await registerAdmission(context, port, caBundle);
  return {
    stop: async () => {
      await context.client.delete('/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/virt-api-validator').catch(() => undefined);
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const RESOURCES = [
  { name: 'virtualmachineinstances/portforward', singularName: '', namespaced: true, kind: 'VirtualMachineInstance', verbs: ['get'] },
  ...['pause', 'unpause'].map((action) => ({ name: `virtualmachineinstances/${action}`, singularName: '', namespaced: true, kind: 'VirtualMachineInstance', verbs: ['update'] })),
];

/** Resolves with the Status of a refusal, in the order and with the words of pkg/virt-api/rest. */
async function turn(context: Context, namespace: string, name: string, paused: boolean): Promise<{ code: number } | undefined> {
  const guest = [...context.guests.values()].find((candidate) => candidate.namespace === namespace && candidate.machine === name);
  // not the cache, which may be behind what the caller has just read
  const instance = await context.client.find(path('VirtualMachineInstance', namespace, name));
  const about = `virtualmachineinstance.kubevirt.io "${name}"`;
  if (instance === undefined) return refusal(404, 'NotFound', `${about} not found`);
  const { phase } = (instance['status'] ?? {}) as { phase?: string };
  const conflict = (why: string) => refusal(409, 'Conflict', `Operation cannot be fulfilled on ${about}: ${why}`);
  if (phase !== 'Running' || guest === undefined) return conflict('VM is not running');
  const already = guest.paused === true;
  if (paused && already) return conflict('VMI is already paused');
  if (!paused && !already) return conflict('VMI is not paused');
  try {
    await (paused ? context.backend.pause(namespace, name) : context.backend.unpause(namespace, name));
  } catch (error) {
    return refusal(500, 'InternalError', String(error));
  }
  guest.paused = paused;
  context.enqueue(namespace);
  return undefined;
}

function refusal(code: number, reason: string, message: string): { code: number } {
  return { ...{ kind: 'Status', apiVersion: 'v1', status: 'Failure' }, code, ...{ reason, message } };
}

async function register({ client }: Context, port: number, caBundle: string): Promise<void> {
  await client.ensure('/api/v1/namespaces', { metadata: { name: 'kubevirt' } });
  await client.create('/api/v1/namespaces/kubevirt/services', {
    metadata: { name: 'virt-api' },
    // the one way to an address of this host that needs no endpoints, which refuse loopback
    spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port }] },
  });
  await client.create('/apis/apiregistration.k8s.io/v1/apiservices', {
    metadata: { name: `${GROUP.version}.${GROUP.group}` },
    spec: { ...GROUP, service: { namespace: 'kubevirt', name: 'virt-api', port }, caBundle, groupPriorityMinimum: 1000, versionPriority: 15 },
  });
  const served = async () => client.get(`/apis/${GROUP.group}/${GROUP.version}`).then(() => true as const, () => undefined);
  await waitFor({ name: 'the API server passes requests on to virt-api', limitMs: AGGREGATION_LIMIT, intervalMs: 100 }, served);
}
