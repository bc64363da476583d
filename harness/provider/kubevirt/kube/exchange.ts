import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Access } from './connection.ts';
import { connectionFailure, type Failure } from './error.ts';

export interface Sent {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly url: URL;
  readonly body?: string;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without a byte after which the connection is given up. */
  readonly silenceMs: number;
}

/** The connection failed, or kept silent; never an answer's status. */
export class ConnectionFailed extends Error {
  readonly failure: Failure;

  constructor(failure: Failure, cause: unknown) {
    super(failure.message, { cause });
    this.name = 'ConnectionFailed';
    this.failure = failure;
  }
}

/** Sends one request and resolves with the answer's head; its body is still to come. @throws ConnectionFailed, or the signal's reason */
export function open(access: Access, { method, url, body, contentType = 'application/json', signal, silenceMs }: Sent): Promise<IncomingMessage> {
  signal?.throwIfAborted();
  const content = body === undefined ? {} : { 'content-type': contentType, 'content-length': Buffer.byteLength(body) };
  const headers = { accept: 'application/json', 'user-agent': 'proofgrid', ...access.headers, ...content };
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, agent: access.agent, headers, ...(signal === undefined ? {} : { signal }) }, resolve);
    sent.setTimeout(silenceMs, () => sent.destroy(Object.assign(new Error(`no byte within ${silenceMs / 1000} s`), { code: 'ESILENT' })));
    sent.on('error', (error: NodeJS.ErrnoException) => reject(failed(error, signal)));
    sent.end(body);
  });
}

/** All of the answer. @throws ConnectionFailed */
export async function readAll(response: IncomingMessage, signal: AbortSignal | undefined): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch (error) {
    throw failed(error as NodeJS.ErrnoException, signal);
  }
  return Buffer.concat(chunks).toString();
}

export function failed(error: NodeJS.ErrnoException, signal: AbortSignal | undefined): unknown {
  return signal?.aborted === true ? signal.reason : new ConnectionFailed(connectionFailure(error), error);
}
