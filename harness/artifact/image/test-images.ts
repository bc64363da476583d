import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { hashFile } from '../cache/manifest.ts';
import type { Apt } from '../debian/apt.ts';
import { unpackTree, type BuildTree } from '../kubernetes/build-tree.ts';
import { unpackToolchain } from '../kubernetes/toolchain.ts';
import type { BuildSite, Entry, Recipe } from '../recipe.ts';
import { dockerArchive } from './docker-archive.ts';
import { packTar, type Member } from './tar.ts';

const NAMESPACE = 'localhost/proofgrid';
const MINUTE = 60_000;
/** busybox of the same suite as the compiler; static, so it runs in an image that holds nothing else. */
const BUSYBOX_SUITE = 'bookworm';
const SEARCH_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

interface Ingredients {
  readonly apt: Apt;
  readonly goCache: string;
  readonly source: Entry;
  /** Version of the Kubernetes source, for its stamp. */
  readonly version: string;
}

/** pause and agnhost from the source of Kubernetes, as docker-archives with no base image: `pause.tar`, `agnhost.tar`. */
export function testImagesRecipe({ apt, goCache, source, version }: Ingredients): Recipe {
  return {
    kind: 'test-images',
    name: 'the container images pause and agnhost',
    version: 1,
    inputs: { source: source.key, version, busybox: BUSYBOX_SUITE },
    estimateMs: 1.5 * MINUTE,
    limitMs: 30 * MINUTE,
    async build(site) {
      const toolchain = await unpackToolchain(apt, site);
      const tree = await unpackTree(site, { source, toolchain, version, goCache });
      const pause = await buildPause(tree, site);
      const agnhost = await buildAgnhost(tree, site, apt);
      return { pause, agnhost };
    },
  };
}

/** Resolves with the image's reference; its version is the one that the source gives it. */
async function buildPause(tree: BuildTree, site: BuildSite): Promise<string> {
  site.step('pause');
  const makefile = await readFile(join(tree.directory, 'build/pause/Makefile'), 'utf8');
  const version = /^TAG\s*\??=\s*(\S+)$/m.exec(makefile)?.[1];
  if (version === undefined) throw new Error('build/pause/Makefile has no TAG');
  await tree.run(['gcc', '-Os', '-Wall', '-Werror', '-static', '-s', `-DVERSION=v${version}`, '-o', 'pause', 'build/pause/linux/pause.c']);
  const reference = `${NAMESPACE}/pause:${version}`;
  await writeImage(site, 'pause', reference, { Entrypoint: ['/pause'], User: '65535:65535' }, [
    { type: 'copy', path: 'pause', mode: 0o755, source: join(tree.directory, 'pause') },
  ]);
  return reference;
}

async function buildAgnhost(tree: BuildTree, site: BuildSite, apt: Apt): Promise<string> {
  const version = (await readFile(join(tree.directory, 'test/images/agnhost/VERSION'), 'utf8')).trim();
  await tree.compile(['sh', '-c', 'cd "$GOPATH/src/k8s.io/kubernetes/test/images/agnhost" && exec go build -o /usr/src/agnhost-binary .']);
  const busybox = join(await apt.unpack(BUSYBOX_SUITE, ['busybox-static'], site, 'busybox'), 'bin/busybox');
  const applets = (await site.run([busybox, '--list'])).trim().split('\n').filter((name) => name !== 'busybox');
  const directory = (path: string, mode = 0o755): Member => ({ type: 'directory', path, mode });
  const file = (path: string, content: string): Member => ({ type: 'file', path, mode: 0o644, content: Buffer.from(content) });
  const reference = `${NAMESPACE}/agnhost:${version}`;
  await writeImage(site, 'agnhost', reference, { Entrypoint: ['/agnhost'], Cmd: ['pause'], Env: [SEARCH_PATH] }, [
    ...['bin', 'etc', 'root', 'uploads'].map((path) => directory(path)),
    directory('tmp', 0o1777),
    file('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n'),
    file('etc/group', 'root:x:0:\nnogroup:x:65534:\n'),
    file('etc/nsswitch.conf', 'hosts: files dns\n'),
    { type: 'copy', path: 'agnhost', mode: 0o755, source: join(tree.directory, 'agnhost-binary') },
    // Some specs call the same program by a name that the entry point does not have.
    { type: 'link', path: 'agnhost-2', target: 'agnhost' },
    { type: 'copy', path: 'bin/busybox', mode: 0o755, source: busybox },
    ...applets.map((name): Member => ({ type: 'link', path: `bin/${name}`, target: 'busybox' })),
  ]);
  return reference;
}

async function writeImage(site: BuildSite, name: string, reference: string, config: Record<string, unknown>, members: readonly Member[]): Promise<void> {
  const layer = join(site.scratch, `${name}-layer.tar`);
  await pipeline(Readable.from(packTar(members)), createWriteStream(layer));
  const { pack } = dockerArchive({ reference, config, layers: [{ file: layer, sha256: await hashFile(layer) }] });
  await pipeline(Readable.from(pack()), createWriteStream(join(site.output, `${name}.tar`)));
}
