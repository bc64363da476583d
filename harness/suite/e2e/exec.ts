import { PassThrough } from 'node:stream';
import { Exec } from '@kubernetes/client-node';
import type { V1Status } from '@kubernetes/client-node';
import type { ClusterContext } from '../check.ts';
import { ProductFault } from './product-fault.ts';
import { NAMESPACE } from './namespace.ts';

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Name of the container that every test pod has. */
export const TEST_CONTAINER = 'agnhost';
/** Milliseconds. */
const EXEC_LIMIT = 20_000;

/** Runs a command in a pod's test container through the API. @throws ProductFault when it cannot be run */
export async function execInPod(context: ClusterContext, pod: string, command: readonly string[], namespace = NAMESPACE): Promise<ExecResult> {
  const stdout = collect();
  const stderr = collect();
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(EXEC_LIMIT)]);
  const status = await new Promise<V1Status>((resolve, reject) => {
    const fail = (observed: string) => reject(new ProductFault(`a command runs in pod ${pod}`, observed));
    const abort = () => (context.signal.aborted ? reject(context.signal.reason as Error) : fail(`no result within ${EXEC_LIMIT / 1000} s`));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    new Exec(context.kubeConfig)
      .exec(namespace, pod, TEST_CONTAINER, [...command], stdout.stream, stderr.stream, null, false, resolve)
      .then((socket) => {
        socket.on('close', () => fail('the connection was closed without a result'));
        signal.addEventListener('abort', () => socket.terminate(), { once: true });
      })
      .catch((error: unknown) => fail(socketError(error)));
  });
  return { exitCode: exitCodeOf(status, pod), stdout: stdout.text(), stderr: stderr.text() };
}

/** The API server reports a command's exit code as the cause of a failure of its own. */
export function exitCodeOf(status: V1Status, pod: string): number {
  if (status.status === 'Success') return 0;
  const cause = status.details?.causes?.find(({ reason }) => reason === 'ExitCode');
  const code = Number(cause?.message);
  if (status.reason === 'NonZeroExitCode' && Number.isInteger(code)) return code;
  throw new ProductFault(`a command runs in pod ${pod}`, status.message ?? JSON.stringify(status));
}

/** client-node rejects with the WebSocket's ErrorEvent, which is no Error. */
export function socketError(error: unknown): string {
  if (error instanceof Error) return error.message;
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message);
  return String(error);
}

function collect(): { stream: PassThrough; text: () => string } {
  const chunks: Buffer[] = [];
  const stream = new PassThrough();
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { stream, text: () => Buffer.concat(chunks).toString() };
}
