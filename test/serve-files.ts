import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

/** An HTTP server of the files below a directory, on loopback, for as long as a test needs it. */
export interface FileServer {
  readonly url: string;
  stop(): Promise<void>;
}

export async function serveFiles(directory: string): Promise<FileServer> {
  const server = createServer((request, response) => {
    const file = path.join(directory, path.normalize(request.url ?? '/'));
    stat(file).then(
      () => createReadStream(file).pipe(response),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
