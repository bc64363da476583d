import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Store } from '../../../harness/artifact/cache/store.ts';
import { Apt } from '../../../harness/artifact/debian/apt.ts';
import { mirrorsOf } from '../../../harness/artifact/debian/mirror.ts';
import { sourceRecipe } from '../../../harness/artifact/kubernetes/toolchain.ts';

// What Debian's mirrors do with a suite that has left support: the index is there, the files are gone.
const SOURCE = { type: 'debian-source', suite: 'bookworm', package: 'hello', version: '2.10-3' } as const;
const FILES = ['hello_2.10-3.debian.tar.xz', 'hello_2.10-3.dsc', 'hello_2.10.orig.tar.gz', 'hello_2.10.orig.tar.gz.asc'];
const [{ main: real }] = mirrorsOf('bookworm');

let server: Server;
let emptied: string;
let refused: string[];
let directory: string;
let store: Store;
const progress = { signal: new AbortController().signal, report: () => undefined };

beforeAll(async () => {
  server = createServer(({ url = '' }, response) => {
    if (!url.includes('/pool/')) return response.writeHead(302, { location: `${real}${url}` }).end();
    refused.push(url);
    return response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  emptied = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  directory = await mkdtemp(join(tmpdir(), 'proofgrid-mirror-'));
  store = new Store(directory);
});
beforeEach(() => void (refused = []));
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true });
});

const obtain = (...bookworm: string[]) => store.obtain(sourceRecipe(new Apt(directory, { suites: { bookworm } }), SOURCE), progress);

test('no mirror has the files: one error with what each said, and nothing kept', async () => {
  const gone = 'http://127.0.0.1:9';
  await expect(obtain(emptied, gone)).rejects.toMatchObject({
    code: 'ARTIFACT_MIRRORS_FAILED',
    fault: 'infrastructure',
    message: expect.stringMatching(
      /^no mirror gives hello=2\.10-3 of Debian bookworm \(http:\/\/127\.0\.0\.1:\d+: .*hello_2\.10\S* 404 Not Found.*; http:\/\/127\.0\.0\.1:9: .*[Cc]onne.*\); name one that does in PROOFGRID_DEBIAN_MIRROR_BOOKWORM/,
    ) as string,
  });
  expect(await readdir(join(directory, 'entries'))).toEqual([]);
});

test('the next mirror gives what the first has only in its index', async () => {
  const { sha256 } = await obtain(emptied, real);
  expect(refused.length).toBeGreaterThan(0);
  expect(Object.keys(sha256).sort()).toEqual(FILES);
});
