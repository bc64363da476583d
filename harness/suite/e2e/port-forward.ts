import { PassThrough } from 'node:stream';
import { PortForward } from '@kubernetes/client-node';
import type { ClusterContext } from '../check.ts';
import { socketError } from './exec.ts';
import { NAMESPACE } from './namespace.ts';
import { ProductFault } from './product-fault.ts';

/** Milliseconds. */
const FORWARD_LIMIT = 15_000;

/** One HTTP/1.0 request through a forwarded port: everything that came back. @throws ProductFault when nothing did */
export function requestThroughForward(context: ClusterContext, pod: string, port: number, path: string): Promise<string> {
  const input = new PassThrough();
  const received: Buffer[] = [];
  const complaints: Buffer[] = [];
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(FORWARD_LIMIT)]);
  return new Promise((resolve, reject) => {
    const fail = (observed: string) => reject(new ProductFault(`port ${port} of pod ${pod} is forwarded`, observed));
    const conclude = (why: string) => {
      const text = Buffer.concat(received).toString();
      const complaint = Buffer.concat(complaints).toString().trim();
      return text === '' ? fail(complaint || why) : resolve(text);
    };
    const abort = () => (context.signal.aborted ? reject(context.signal.reason as Error) : conclude(`no answer within ${FORWARD_LIMIT / 1000} s`));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    const output = new PassThrough();
    const errors = new PassThrough();
    errors.on('data', (chunk: Buffer) => complaints.push(chunk));
    new PortForward(context.kubeConfig, false)
      .portForward(NAMESPACE, pod, [port], output, errors, input)
      .then((forwarded) => {
        const socket = typeof forwarded === 'function' ? forwarded() : forwarded;
        output.on('data', (chunk: Buffer) => {
          received.push(chunk);
          // The API server keeps the socket after the pod has closed its end: the body's end is all there is to go by.
          if (isComplete(Buffer.concat(received).toString())) socket?.close();
        });
        socket?.on('close', () => conclude('the connection was closed without an answer'));
        signal.addEventListener('abort', () => socket?.terminate(), { once: true });
        input.write(`GET ${path} HTTP/1.0\r\n\r\n`);
      })
      .catch((error: unknown) => fail(socketError(error)));
  });
}

/** Whether an HTTP response has come with all the bytes that its Content-Length announces. */
export function isComplete(response: string): boolean {
  const [head, ...rest] = response.split('\r\n\r\n');
  const length = /^content-length: *(\d+)\r?$/im.exec(head ?? '')?.[1];
  return rest.length > 0 && length !== undefined && Buffer.byteLength(rest.join('\r\n\r\n')) >= Number(length);
}
