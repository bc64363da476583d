import { X509Certificate } from 'node:crypto';
import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import { connect } from 'node:tls';
import { ProofgridError } from '../../../lifecycle/error.ts';
import type { ClusterContext } from '../check.ts';
import { DialAgent, SecureDialAgent } from './dial.ts';
import { ProductFault } from './product-fault.ts';

/** Milliseconds. A healthy server answers in a few; a busy machine makes many handshakes at once. */
const LIMIT = 15_000;

type Way = Pick<ClusterContext, 'signal' | 'dial'>;

/**
 * The certificate that a server presents, whoever signed it: it is judged here, so the handshake must not do so.
 * @throws ProductFault when there is no TLS server
 */
export async function presentedCertificate({ signal, dial }: Way, address: string, port: number): Promise<X509Certificate> {
  signal.throwIfAborted();
  const over = dial === undefined ? {} : { socket: await dial(address, port) };
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, ...over, rejectUnauthorized: false, timeout: LIMIT });
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
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error instanceof ProofgridError) return reject(error);
      fail(error.code ?? error.message);
    });
  });
}

export interface Probed {
  /** 0 when there was no answer at all. */
  readonly status: number;
  /** Why there was none. */
  readonly error: string;
}

/** What an attacker without a certificate gets: no identity is sent, and the server's own is not looked at. */
export function probeHttp({ signal, dial }: Way, url: string, headers: Record<string, string> = {}): Promise<Probed> {
  signal.throwIfAborted();
  const limit = AbortSignal.timeout(LIMIT);
  return new Promise((resolve, reject) => {
    const options = { headers, signal: AbortSignal.any([signal, limit]) };
    const answer = (response: { statusCode?: number | undefined; resume(): void; destroy(): void }) => {
      response.destroy();
      resolve({ status: response.statusCode ?? 0, error: '' });
    };
    const sent = url.startsWith('https:')
      ? secure(url, { ...options, rejectUnauthorized: false, agent: dial === undefined ? false : new SecureDialAgent(dial) }, answer)
      : plain(url, { ...options, agent: dial === undefined ? false : new DialAgent(dial) }, answer);
    sent.on('error', (error: NodeJS.ErrnoException) => {
      // That the machine is out of reach is not what a refusal looks like.
      if (error instanceof ProofgridError) return reject(error);
      resolve({ status: 0, error: limit.aborted ? 'ETIMEDOUT' : (error.code ?? error.message) });
    });
    sent.end();
  });
}
