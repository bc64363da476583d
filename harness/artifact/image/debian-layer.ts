import { createWriteStream } from 'node:fs';
import { lstat, mkdir, readdir, readlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Apt } from '../debian/apt.ts';
import type { Suite } from '../debian/suite.ts';
import type { BuildSite, Recipe } from '../recipe.ts';
import { packTar, type Member } from './tar.ts';

export const LAYER_ARCHIVE = 'layer.tar';

/** A layer below add-ons that call programs of the system: packages without their maintainer scripts, and links. */
export interface DebianLayer {
  readonly suite: Suite;
  /** With their dependencies; what a program's libraries lack is found by the build. */
  readonly packages: readonly string[];
  /** Path → target. A package's scripts would make such links, and none of them runs here. */
  readonly links: Readonly<Record<string, string>>;
  /** Programs whose libraries must all be in the layer. */
  readonly programs: readonly string[];
}

/** Nothing at run time reads these. */
const LEFT_OUT = /^(usr\/share\/(doc|man|locale|lintian|bash-completion|bug|gcc)|usr\/lib\/systemd|usr\/include|var|etc\/(init\.d|default))(\/|$)/;
const LIBRARIES = 'usr/lib/x86_64-linux-gnu';
const LOADER = 'usr/lib64/ld-linux-x86-64.so.2';
const SHELL = 'usr/bin/busybox';
/** Since Debian 13 no package but base-files has these: https://wiki.debian.org/UsrMerge */
const MERGED = { bin: 'usr/bin', lib: 'usr/lib', lib64: 'usr/lib64', sbin: 'usr/sbin' };
const FILES = {
  'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
  'etc/group': 'root:x:0:\nnogroup:x:65534:\n',
  'etc/nsswitch.conf': 'hosts: files dns\n',
};

/** The layer as `layer.tar`; equal packages give equal bytes. Facts: each package's version. */
export function debianLayerRecipe({ suite, packages, links, programs }: DebianLayer, apt: Apt): Recipe {
  return {
    kind: 'debian-layer',
    name: `the base layer of Debian ${suite} for add-ons`,
    version: 1,
    inputs: { suite, packages, links, programs },
    estimateMs: 20_000,
    limitMs: 10 * 60_000,
    async build(site) {
      const root = join(site.scratch, 'root');
      await mkdir(root);
      const archives = await apt.download(suite, packages, site, 'packages');
      for (const archive of archives) await site.run(['dpkg-deb', '--extract', archive, root]);
      await proveLibraries(site, root, programs);
      site.step('writing the layer');
      const members = await membersOf(root, { ...MERGED, ...(await shellLinks(site, root)), ...links });
      await pipeline(Readable.from(packTar(members)), createWriteStream(join(site.output, LAYER_ARCHIVE)));
      return await versionsOf(site, archives);
    },
  };
}

/** A program that lacks a library would fail only on a machine: the loader of the layer is asked here, without running anything. */
async function proveLibraries(site: BuildSite, root: string, programs: readonly string[]): Promise<void> {
  for (const program of programs) {
    const listed = await site.run([join(root, LOADER), '--inhibit-cache', '--library-path', join(root, LIBRARIES), '--list', join(root, program)]);
    const outside = outsideLibraries(listed, root);
    if (outside.length > 0) throw new Error(`the base layer lacks libraries of ${program}: ${outside.join(', ')}`);
  }
}

/** Names in the loader's list that it found elsewhere than below `root`, or not at all. */
export function outsideLibraries(listed: string, root: string): string[] {
  const found = listed.split('\n').map((line) => /^\s*(\S+) => (\S.*?)(?: \(0x[0-9a-f]+\))?$/.exec(line)).filter((match) => match !== null);
  return found.flatMap(([, name = '', path = '']) => (path.startsWith(`${root}/`) ? [] : [name]));
}

/** Commands of busybox that no package has; each is a link. */
async function shellLinks(site: BuildSite, root: string): Promise<Record<string, string>> {
  const applets = (await site.run([join(root, SHELL), '--list'])).trim().split('\n').filter((name) => name !== 'busybox');
  const taken = new Set((await Promise.all(['usr/bin', 'usr/sbin'].map((path) => readdir(join(root, path))))).flat());
  return Object.fromEntries(applets.filter((name) => !taken.has(name)).map((name) => [`usr/bin/${name}`, 'busybox']));
}

/** Everything below the root but what nothing reads, in the order of the paths, with the links and files of ours. */
async function membersOf(root: string, links: Readonly<Record<string, string>>): Promise<Member[]> {
  const found = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = found.map((item) => relative(root, join(item.parentPath, item.name))).filter((path) => !LEFT_OUT.test(path) && !(path in links));
  const members = await Promise.all(paths.map((path) => memberOf(root, path)));
  const own: Member[] = [
    ...Object.entries(links).map(([path, target]): Member => ({ type: 'link', path, target })),
    ...Object.entries(FILES).map(([path, content]): Member => ({ type: 'file', path, mode: 0o644, content: Buffer.from(content) })),
    ...['run', 'root'].map((path): Member => ({ type: 'directory', path, mode: 0o755 })),
    { type: 'directory', path: 'tmp', mode: 0o1777 },
  ];
  return [...members, ...own].sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function memberOf(root: string, path: string): Promise<Member> {
  const source = join(root, path);
  const status = await lstat(source);
  const mode = status.mode & 0o7777;
  if (status.isSymbolicLink()) return { type: 'link', path, target: await readlink(source) };
  if (status.isDirectory()) return { type: 'directory', path, mode };
  if (status.isFile()) return { type: 'copy', path, mode, source };
  throw new Error(`${path} is neither a file, a directory nor a link`);
}

async function versionsOf(site: BuildSite, archives: readonly string[]): Promise<Record<string, string>> {
  const versions: Record<string, string> = {};
  for (const archive of archives) {
    const [name = '', version = ''] = (await site.run(['dpkg-deb', '--show', '--showformat=${Package} ${Version}', archive])).trim().split(' ');
    versions[name] = version;
  }
  return versions;
}
