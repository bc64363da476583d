import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { openPort } from '../../../../../harness/provider/kubevirt/kube/port.ts';
import { fakeApi, json, status } from './fake-api.ts';

test('speaks KubeVirt\'s protocol: the sub-resource, its framing, our credentials', async () => {
  const { client, server } = await fakeApi(() => undefined);
  let seen: { url?: string | undefined; protocol?: string | undefined; authorization?: string | undefined } = {};
  const sockets: { destroy(): unknown }[] = [];
  server.on('upgrade', (request, socket) => {
    sockets.push(socket);
    seen = { url: request.url, protocol: request.headers['sec-websocket-protocol'], authorization: request.headers.authorization };
    const accept = createHash('sha1').update(`${request.headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: plain.kubevirt.io\r\n\r\n`);
    socket.write(Buffer.concat([Buffer.from([0x82, 4]), Buffer.from('SSH-')])); // one binary message
  });
  const stream = await openPort(client, 'proofgrid-1', 'a', 22);
  expect(String((await once(stream, 'data'))[0])).toBe('SSH-');
  stream.destroy();
  for (const socket of sockets) socket.destroy();
  expect(seen).toEqual({
    url: '/apis/subresources.kubevirt.io/v1/namespaces/proofgrid-1/virtualmachineinstances/a/portforward/22/tcp',
    protocol: 'plain.kubevirt.io',
    authorization: 'Bearer secret-token',
  });
});

test('a refusal is told with its status and message', async () => {
  const { client } = await fakeApi((_request, response) => json(response, 404, status(404, 'virtualmachineinstance "a" not found')));
  await expect(openPort(client, 'n', 'a', 22)).rejects.toThrow('HTTP 404: virtualmachineinstance "a" not found');
});
