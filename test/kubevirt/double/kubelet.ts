import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { ControlPlane } from '../control-plane.ts';
import type { Context } from './context.ts';

/** The kubelet's side of `pods/log`; the API server itself proxies to here, as to any node. */
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
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as { port: number }).port,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function machineOf({ cache }: Context, namespace: string, pod: string): string | undefined {
  return cache.find('Pod', namespace, pod)?.metadata.ownerReferences?.[0]?.name;
}
