import { X509Certificate } from 'node:crypto';
import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import { connect } from 'node:tls';
import { ProductFault } from './product-fault.ts';

/** Milliseconds. */
const LIMIT = 5_000;

/**
 * The certificate that a server presents, whoever signed it: it is judged here, so the handshake must not do so.
 * @throws ProductFault when there is no TLS server
 */
export function presentedCertificate(address: string, port: number, signal: AbortSignal): Promise<X509Certificate> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, rejectUnauthorized: false, timeout: LIMIT });
    const fail = (observed: string) => {
      socket.destroy();
      reject(new ProductFault(`a TLS server at ${address}:${port}`, observed));
    };
    socket.on('secureConnect', () => {
      const { raw } = socket.getPeerCertificate();
      socket.destroy();
      resolve(new X509Certificate(raw));
    });
    socket.on('timeout', () => fail(`no handshake within ${LIMIT / 1000} s`));
    socket.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
  });
}

export interface Probed {
  /** 0 when there was no answer at all. */
  readonly status: number;
  /** Why there was none. */
  readonly error: string;
}

/** What an attacker without a certificate gets: no identity is sent, and the server's own is not looked at. */
export function probeHttp(url: string, signal: AbortSignal, headers: Record<string, string> = {}): Promise<Probed> {
  signal.throwIfAborted();
  return new Promise((resolve) => {
    const options = { headers, timeout: LIMIT, agent: false as const, signal };
    const answer = (response: { statusCode?: number | undefined; resume(): void; destroy(): void }) => {
      response.destroy();
      resolve({ status: response.statusCode ?? 0, error: '' });
    };
    const sent = url.startsWith('https:') ? secure(url, { ...options, rejectUnauthorized: false }, answer) : plain(url, options, answer);
    sent.on('timeout', () => sent.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })));
    sent.on('error', (error: NodeJS.ErrnoException) => resolve({ status: 0, error: error.code ?? error.message }));
    sent.end();
  });
}
