import { once } from 'node:events';
import { connect } from 'node:net';
import { PassThrough, type Duplex } from 'node:stream';
import { duplexPair } from './duplex-pair.ts';
import { expect, onTestFinished, test } from 'vitest';
import { createTunnels } from '../../../../harness/provider/kubevirt/access.ts';
import type { KubeClient } from '../../../../harness/provider/kubevirt/kube/client.ts';

const client = {} as KubeClient;

function tunnels(open: (machine: string) => Promise<Duplex>) {
  const made = createTunnels(client, async (_client, _namespace, machine) => open(machine));
  onTestFinished(async () => made.close('n'));
  return made;
}

test('one listener for each machine, on the loopback, that carries bytes both ways', async () => {
  const [near, far] = duplexPair();
  const subject = tunnels(async () => near);
  const tunnel = await subject.to('n', 'a');
  expect(tunnel.address).toBe('127.0.0.1');
  expect(await subject.to('n', 'a')).toBe(tunnel);
  const socket = connect({ host: tunnel.address, port: tunnel.port });
  socket.write('ping');
  expect(String((await once(far, 'data'))[0])).toBe('ping');
  far.write('pong');
  expect(String((await once(socket, 'data'))[0])).toBe('pong');
  far.end();
  await once(socket, 'close');
});

test('when the guest cannot be reached the connection ends, and the reason is known', async () => {
  const subject = tunnels(async () => Promise.reject(new Error('dialing VM: no route')));
  const tunnel = await subject.to('n', 'a');
  const socket = connect({ host: tunnel.address, port: tunnel.port });
  await once(socket, 'close');
  expect(tunnel.lastError).toBe('dialing VM: no route');
});

test('closing ends listener and connections', async () => {
  const subject = tunnels(async () => new PassThrough());
  const { port } = await subject.to('n', 'a');
  const open = connect({ host: '127.0.0.1', port });
  await once(open, 'connect');
  await subject.close('n');
  if (!open.closed) await once(open, 'close');
  const refused = connect({ host: '127.0.0.1', port });
  const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNREFUSED');
});
