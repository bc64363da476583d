import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { PassThrough, type Duplex } from 'node:stream';
import { duplexPair } from './duplex-pair.ts';
import { expect, onTestFinished, test } from 'vitest';
import { createTunnels, reach, waysOf } from '../../../../harness/provider/kubevirt/access.ts';
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

test.each([
  ['auto', false, { straight: true, tunnelled: true }],
  ['auto', true, { straight: true, tunnelled: false }],
  ['direct', false, { straight: true, tunnelled: false }],
  ['api-server', false, { straight: false, tunnelled: true }],
  ['api-server', true, { straight: false, tunnelled: true }],
] as const)('access %s, inside the cluster: %s', (access, inCluster, ways) => {
  expect(waysOf({ access }, { inCluster })).toEqual(ways);
});

test('a machine whose sshd greets is reached straight, unless the site forbids it', async () => {
  const server = createServer((socket) => socket.end('SSH-2.0-test\r\n')).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const machine = { name: 'a', address: '127.0.0.1', port, user: 'root', identityFile: '', knownHostsFile: '' };
  const made = tunnels(async () => {
    const [near, far] = duplexPair();
    far.write('SSH-2.0-test\r\n');
    return near;
  });
  const ways = { straight: true, tunnelled: true };
  expect(await reach({ tunnels: made, ways }, 'n', machine)).toBe(machine);
  const { port: listener } = await made.to('n', 'a');
  expect(await reach({ tunnels: made, ways: { ...ways, straight: false } }, 'n', machine)).toEqual({ ...machine, via: { address: '127.0.0.1', port: listener } });
  const nowhere = { ...machine, address: '127.0.0.1', port: 1 };
  expect(await reach({ tunnels: made, ways: { ...ways, tunnelled: false } }, 'n', nowhere)).toBeUndefined();
});

test('a machine whose sshd starts between the straight attempt and the detour is reached straight', async () => {
  const server = createServer((socket) => socket.end(up ? 'SSH-2.0-test\r\n' : '')).listen(0, '127.0.0.1');
  let up = false;
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const machine = { name: 'a', address: '127.0.0.1', port, user: 'root', identityFile: '', knownHostsFile: '' };
  const made = tunnels(async () => {
    up = true;
    const [near, far] = duplexPair();
    far.write('SSH-2.0-test\r\n');
    return near;
  });
  expect(await reach({ tunnels: made, ways: { straight: true, tunnelled: true } }, 'n', machine)).toBe(machine);
});
