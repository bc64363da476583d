import { execa } from 'execa';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A fake of a Go module proxy, as https://go.dev/ref/mod#goproxy-protocol has it, at the loopback. */
export interface ModuleProxy {
  readonly url: string;
  /** Serves these files as a version of a module. */
  serve(module: string, version: string, files: Readonly<Record<string, string>>): Promise<void>;
  /** Answers every request with this status from now on; undefined: as usual. */
  answer(status: number | undefined): void;
  close(): Promise<void>;
}

export async function startModuleProxy(): Promise<ModuleProxy> {
  const root = await mkdtemp(join(tmpdir(), 'proofgrid-proxy-'));
  let status: number | undefined;
  const server = createServer((request, response) => {
    if (status !== undefined) return void response.writeHead(status).end();
    readFile(join(root, decodeURIComponent(request.url ?? ''))).then((content) => response.end(content), () => response.writeHead(404).end('not found'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async serve(module, version, files) {
      const [folder, tree] = [join(root, module, '@v'), join(root, 'tree')];
      await rm(tree, { recursive: true, force: true });
      await mkdir(folder, { recursive: true });
      for (const [name, content] of Object.entries(files)) {
        const file = join(tree, `${module}@v${version}`, name);
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, content);
      }
      // Without entries of directories, which a module's archive must not have: https://go.dev/ref/mod#zip-files
      const names = Object.keys(files).map((name) => `${module}@v${version}/${name}`);
      await execa('python3', ['-c', 'import sys, zipfile\narchive = zipfile.ZipFile(sys.argv[1], "w")\nfor name in sys.argv[2:]: archive.write(name)\narchive.close()', join(folder, `v${version}.zip`), ...names], { cwd: tree });
      await cp(join(tree, `${module}@v${version}`, 'go.mod'), join(folder, `v${version}.mod`));
      await writeFile(join(folder, `v${version}.info`), JSON.stringify({ Version: `v${version}`, Time: '2026-01-02T03:04:05Z' }));
    },
    answer: (code) => (status = code),
    async close() {
      await new Promise((resolve) => server.close(resolve));
      await rm(root, { recursive: true });
    },
  };
}
