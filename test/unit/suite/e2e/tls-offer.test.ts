import type { AddressInfo } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';
import { execa } from 'execa';
import { afterEach, expect, test } from 'vitest';
import type { Host } from '../../../../harness/suite/check.ts';
import { selfSigned } from '../../../../harness/suite/e2e/fault/certificate.ts';
import { offerTls, STRONG, WEAK } from '../../../../harness/suite/e2e/tls-offer.ts';

const here: Host = {
  name: 'm1',
  address: '127.0.0.1',
  roles: [],
  exec: async ([program = '', ...words], { input } = {}) => {
    const { exitCode, stdout, stderr } = await execa(program, words, { reject: false, ...(input === undefined ? {} : { input }) });
    return { exitCode: exitCode ?? -1, stdout, stderr };
  },
};
const close: (() => void)[] = [];
afterEach(() => close.splice(0).forEach((end) => end()));

async function serve(options: TlsOptions): Promise<number> {
  const { certificate: cert, key } = await selfSigned(1, ['IP:127.0.0.1']);
  const server = createServer({ cert, key, ...options }, (socket) => socket.end());
  server.on('tlsClientError', () => {});
  close.push(() => server.close());
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const offer = async (port: number) => (await offerTls(here, [{ what: 'it', address: '127.0.0.1', port }], [STRONG, ...WEAK]))[0];

test('a server with strong suites takes the strong offer and refuses each weak one', async () => {
  const port = await serve({ minVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' });
  expect(await offer(port)).toEqual(['taken', ...WEAK.map(() => 'refused')]);
});

test('a server that asks for a certificate has taken the offer before', async () => {
  const port = await serve({ minVersion: 'TLSv1.1', ciphers: 'ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=0', requestCert: true });
  expect(await offer(port)).toEqual(['taken', 'taken', 'refused', 'refused', 'taken']);
});

test('nobody there is neither', async () => {
  expect((await offer(1))?.[0]).toMatch(/^\[Errno \d+\] Connection refused$/);
});
