import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Apt } from '../debian/apt.ts';
import { buildPrograms, describeFlags, type GoTools } from '../go-module/build.ts';
import { AGNHOST } from '../go-module/components.ts';
import { TOOLCHAIN } from '../go-module/toolchain.ts';
import type { BuildSite, Recipe } from '../recipe.ts';
import { digMembers } from './dig.ts';
import type { Member } from './tar.ts';
import { IMAGE_NAMESPACE, writeImage } from './write-image.ts';

const MINUTE = 60_000;
/** busybox of one suite, wherever this runs; static, so it works in an image that holds nothing else. */
const BUSYBOX_SUITE = 'bookworm';
const SEARCH_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

interface Ingredients {
  readonly apt: Apt;
  readonly tools: () => Promise<GoTools>;
  /** Version of Kubernetes whose tree has the sources. */
  readonly version: string;
}

/** pause and agnhost from the source of Kubernetes, as docker-archives with no base image: `pause.tar`, `agnhost.tar`. */
export function testImagesRecipe({ apt, tools, version }: Ingredients): Recipe {
  return {
    kind: 'test-images',
    name: `the container images pause and agnhost of Kubernetes ${version}`,
    version: 4,
    inputs: { version, toolchain: TOOLCHAIN.sum, flags: describeFlags(AGNHOST), busybox: BUSYBOX_SUITE },
    estimateMs: 2 * MINUTE,
    limitMs: 2 * 60 * MINUTE,
    async build(site) {
      const modules = await buildPrograms(site, AGNHOST, version, await tools());
      const [kubernetes] = Object.values(modules);
      if (kubernetes === undefined) throw new Error('agnhost came from no module');
      const pause = await buildPause(kubernetes.directory, site);
      const agnhost = await buildAgnhost(kubernetes.directory, site, apt);
      return { pause, agnhost };
    },
  };
}

/** Resolves with the image's reference; its version is the one that the source gives it. */
async function buildPause(source: string, site: BuildSite): Promise<string> {
  site.step('pause');
  const makefile = await readFile(join(source, 'build/pause/Makefile'), 'utf8');
  const version = /^TAG\s*\??=\s*(\S+)$/m.exec(makefile)?.[1];
  if (version === undefined) throw new Error('build/pause/Makefile has no TAG');
  const binary = join(site.scratch, 'pause');
  await site.run(['gcc', '-Os', '-Wall', '-Werror', '-static', '-s', `-DVERSION=v${version}`, '-o', binary, join(source, 'build/pause/linux/pause.c')]);
  const reference = `${IMAGE_NAMESPACE}/pause:${version}`;
  await writeImage(site, {
    name: 'pause',
    reference,
    config: { Entrypoint: ['/pause'], User: '65535:65535' },
    members: [
      { type: 'copy', path: 'pause', mode: 0o755, source: binary },
    ],
  });
  return reference;
}

async function buildAgnhost(source: string, site: BuildSite, apt: Apt): Promise<string> {
  const version = (await readFile(join(source, 'test/images/agnhost/VERSION'), 'utf8')).trim();
  // The output becomes the entry: the executable belongs into the image alone.
  const binary = join(site.scratch, 'agnhost');
  await rename(join(site.output, 'agnhost'), binary);
  const busybox = join(await apt.unpack(BUSYBOX_SUITE, ['busybox-static'], site, 'busybox'), 'bin/busybox');
  const applets = (await site.run([busybox, '--list'])).trim().split('\n').filter((name) => name !== 'busybox');
  const directory = (path: string, mode = 0o755): Member => ({ type: 'directory', path, mode });
  const file = (path: string, content: string): Member => ({ type: 'file', path, mode: 0o644, content: Buffer.from(content) });
  const reference = `${IMAGE_NAMESPACE}/agnhost:${version}`;
  await writeImage(site, {
    name: 'agnhost',
    reference,
    config: { Entrypoint: ['/agnhost'], Cmd: ['pause'], Env: [SEARCH_PATH] },
    members: [
      ...['bin', 'etc', 'root', 'uploads'].map((path) => directory(path)),
      directory('tmp', 0o1777),
      file('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n'),
      file('etc/group', 'root:x:0:\nnogroup:x:65534:\n'),
      file('etc/nsswitch.conf', 'hosts: files dns\n'),
      { type: 'copy', path: 'agnhost', mode: 0o755, source: binary },
      // Some specs call the same program by a name that the entry point does not have.
      { type: 'link', path: 'agnhost-2', target: 'agnhost' },
      { type: 'copy', path: 'bin/busybox', mode: 0o755, source: busybox },
      ...applets.map((name): Member => ({ type: 'link', path: `bin/${name}`, target: 'busybox' })),
      ...(await digMembers(apt, BUSYBOX_SUITE, site)),
    ],
  });
  return reference;
}

