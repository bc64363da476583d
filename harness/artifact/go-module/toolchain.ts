import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { ProofgridError } from '../../../lifecycle/error.ts';
import { hashFile } from '../cache/manifest.ts';
import { downloadHashed } from '../download.ts';
import type { BuildSite, Entry, Recipe } from '../recipe.ts';
import { moduleProxies } from './proxy.ts';

/**
 * The Go that everything is built with, as new as the newest Kubernetes needs. Released toolchains are Go modules
 * themselves: https://go.dev/doc/toolchain#download . The sum is the one of Go's checksum database.
 */
export const TOOLCHAIN = { version: 'go1.26.8', sum: 'h1:ZOmGe1OnfREDMIdb1Qi4G9JSuDPBLGExZMQ4nis1RXM=' } as const;

const MODULE_VERSION = `v0.0.1-${TOOLCHAIN.version}.linux-amd64`;
const PREFIX = `golang.org/toolchain@${MODULE_VERSION}`;
const ARCHIVE = 'toolchain.zip';

/** The toolchain's archive as the module proxy has it, proved to be what the checksum database knows. */
export function toolchainRecipe(): Recipe {
  return {
    kind: 'go-toolchain',
    name: `the toolchain ${TOOLCHAIN.version}`,
    version: 1,
    inputs: { ...TOOLCHAIN },
    estimateMs: 20_000,
    limitMs: 30 * 60_000,
    async build(site) {
      const archive = join(site.output, ARCHIVE);
      site.step('downloading');
      const [proxy, ...others] = moduleProxies();
      if (proxy === undefined) throw noProxy();
      await firstOf([proxy, ...others], (base) => downloadHashed(`${base}/golang.org/toolchain/@v/${MODULE_VERSION}.zip`, archive, site.signal));
      const unpacked = await unpack(site, archive, 'verified');
      const sum = await moduleSum(unpacked);
      if (sum === TOOLCHAIN.sum) return { version: TOOLCHAIN.version };
      throw new ProofgridError({
        code: 'ARTIFACT_CHECKSUM_MISMATCH',
        fault: 'infrastructure',
        what: `the toolchain ${TOOLCHAIN.version} from ${new URL(proxy).host} has the sum ${sum}, expected ${TOOLCHAIN.sum}`,
        remedy: 'the module proxy is damaged or tampered with: try again, or set GOPROXY to another',
      });
    },
  };
}

/**
 * The unpacked toolchain, in a directory of the cache that appears by one rename; call it with the compile lock held.
 * Resolves with the directory, which is a GOROOT.
 */
export async function unpackedToolchain(site: BuildSite, entry: Entry, directory: string): Promise<string> {
  const target = join(directory, entry.key);
  if ((await stat(join(target, 'bin/go')).catch(() => undefined)) !== undefined) return target;
  site.step(`unpacking ${TOOLCHAIN.version}`);
  const root = join(await unpack(site, join(entry.directory, ARCHIVE), 'toolchain'), PREFIX);
  // A module's archive keeps no modes: https://go.dev/ref/mod#zip-files
  for (const folder of ['bin', 'pkg/tool/linux_amd64']) {
    for (const name of await readdir(join(root, folder))) await chmod(join(root, folder, name), 0o755);
  }
  await mkdir(directory, { recursive: true });
  await rm(target, { recursive: true, force: true });
  await rename(root, target);
  return target;
}

async function unpack(site: BuildSite, archive: string, folder: string): Promise<string> {
  const directory = join(site.scratch, folder);
  await site.run(['python3', '-m', 'zipfile', '--extract', archive, directory]);
  return directory;
}

/** The sum `h1:` of an unpacked module: https://go.dev/ref/mod#go-sum-files */
async function moduleSum(directory: string): Promise<string> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = found.filter((item) => item.isFile()).map((item) => join(item.parentPath, item.name));
  const named = files.map((file) => ({ file, name: relative(directory, file) })).sort((a, b) => (a.name < b.name ? -1 : 1));
  const summary = createHash('sha256');
  for (const { file, name } of named) summary.update(`${await hashFile(file)}  ${name}\n`);
  return `h1:${summary.digest('base64')}`;
}

async function firstOf(proxies: readonly string[], attempt: (base: string) => Promise<unknown>): Promise<void> {
  const failures: unknown[] = [];
  for (const base of proxies) {
    try {
      await attempt(base);
      return;
    } catch (error) {
      failures.push(error);
    }
  }
  throw failures[0];
}

function noProxy(): ProofgridError {
  return new ProofgridError({
    code: 'ARTIFACT_NO_MODULE_PROXY',
    fault: 'infrastructure',
    what: `GOPROXY=${process.env['GOPROXY'] ?? ''} names no module proxy, and the Go toolchain comes from one`,
    remedy: 'add the address of a module proxy to GOPROXY, or choose --source upstream',
  });
}
