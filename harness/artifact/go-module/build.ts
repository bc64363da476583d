import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { acquireLock } from '../cache/lock.ts';
import type { BuildSite, Entry } from '../recipe.ts';
import type { GoBuild, GoMain, GoProgram, Release } from './component.ts';
import { moduleError } from './module-error.ts';
import { MODULE_VARIABLES } from './proxy.ts';
import { TOOLCHAIN, unpackedToolchain } from './toolchain.ts';
import { goModSchema, mainSource, WRAPPER_MODULE, wrapperGoMod } from './wrapper.ts';

/** Directories of the cache that all builds share. */
export interface GoCaches {
  /** Compiled packages; also holds the lock that compilations take turns by. */
  readonly build: string;
  /** Downloaded modules. */
  readonly modules: string;
  /** Unpacked toolchains. */
  readonly toolchains: string;
}

export interface GoTools {
  readonly caches: GoCaches;
  readonly toolchain: Entry;
}

/** A module as it was downloaded and verified. */
export interface DownloadedModule extends Release {
  readonly directory: string;
  /** Its sum in Go's checksum database, `h1:…`. */
  readonly sum: string;
}

const downloadSchema = z.object({ Dir: z.string(), Sum: z.string(), GoMod: z.string(), Info: z.string() });
const infoSchema = z.object({ Time: z.string() });

/** Linking one program counts as much as compiling so many packages. */
const LINK_WEIGHT = 40;
const FLAGS = ['-trimpath', '-buildvcs=false', '-mod=mod', '-modcacherw'] as const;

/**
 * Builds a component's executables into `site.output`; resolves with each module that they came from. Equal inputs give
 * equal bytes: no path, date or host gets into them.
 */
export async function buildPrograms(site: BuildSite, component: GoBuild, version: string, { caches, toolchain }: GoTools): Promise<Record<string, DownloadedModule>> {
  await mkdir(caches.build, { recursive: true });
  await mkdir(caches.toolchains, { recursive: true });
  const goroot = await locked(site, join(caches.toolchains, 'unpack.lock'), () => unpackedToolchain(site, toolchain, caches.toolchains));
  const go = goCommand(site, { goroot, caches, cgo: component.cgo ?? false });
  const modules: Record<string, DownloadedModule> = {};
  const all = Object.entries(component.programs);
  const names = [...new Set(all.map(([, program]) => program.module))];
  for (const [index, module] of names.entries()) {
    const programs = all.filter(([, program]) => program.module === module);
    site.step(`downloading ${module}`);
    const downloaded = await download(go, module, version);
    modules[module] = downloaded;
    const directory = join(site.scratch, 'wrapper', module);
    await writeWrapper(go, directory, { module, version, downloaded, staging: component.staging?.(version) });
    for (const [, { package: path, main }] of programs) {
      if (main !== undefined) await writeMain(join(directory, path.slice(WRAPPER_MODULE.length + 1)), main);
    }
    const flags = await buildFlags(component, version, downloaded);
    const total = await stalePackages(site, go, directory, [...flags, ...packagesOf(programs)]);
    await locked(site, join(caches.build, 'compile.lock'), () => compile(site, go, { directory, flags, programs, total, share: { before: index / names.length, of: 1 / names.length } }));
  }
  return modules;
}

/** `-ldflags` as projects release: no symbol table, and the version where the component has it. */
async function buildFlags({ tags = [], stamps, fileStamps = {}, cgo = false }: GoBuild, version: string, module: DownloadedModule): Promise<string[]> {
  const fromFiles = Object.entries(fileStamps).map(async ([name, file]) => [name, (await readFile(join(module.directory, file), 'utf8')).trim()] as const);
  const values = [...Object.entries(stamps?.(version, module) ?? {}), ...(await Promise.all(fromFiles))];
  const variables = values.flatMap(([name, value]) => ['-X', `${name}=${value}`]);
  const linker = ['-s', '-w', ...(cgo ? ['-linkmode=external', '-extldflags=-static'] : []), ...variables];
  return [...(tags.length > 0 ? [`-tags=${tags.join(',')}`] : []), `-ldflags=${linker.join(' ')}`];
}

/** What a person must know to build the same again. */
export function describeFlags({ tags = [], cgo = false, programs }: GoBuild): string {
  const mains = Object.values(programs).flatMap(({ main }) => (main === undefined ? [] : ['file' in main ? `with ${main.file} ${digestOf(mainSource(main))}` : `with ${main.imports.join(',')}`]));
  return [`CGO_ENABLED=${cgo ? 1 : 0}`, ...FLAGS, ...(tags.length > 0 ? [`-tags=${tags.join(',')}`] : []), ...mains].join(' ');
}

const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

type Go = (words: readonly string[], options?: { readonly cwd?: string; readonly onErrorLine?: (line: string) => void }) => Promise<string>;

function goCommand(site: BuildSite, { goroot, caches, cgo }: { readonly goroot: string; readonly caches: GoCaches; readonly cgo: boolean }): Go {
  const inherited = MODULE_VARIABLES.flatMap((name) => (process.env[name] ? [[name, process.env[name]] as const] : []));
  const env = {
    ...Object.fromEntries(inherited),
    PATH: `${goroot}/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    GOROOT: goroot,
    GOTOOLCHAIN: 'local',
    // A person's own settings (go env -w) are not a build's.
    GOENV: 'off',
    GOFLAGS: FLAGS.join(' '),
    GOPATH: join(site.scratch, 'gopath'),
    GOCACHE: caches.build,
    GOMODCACHE: caches.modules,
    CGO_ENABLED: cgo ? '1' : '0',
  };
  return async (words, options = {}) => {
    try {
      return await site.run([join(goroot, 'bin/go'), ...words], { ...options, env });
    } catch (error) {
      throw moduleError(error, site.signal);
    }
  };
}

async function download(go: Go, module: string, version: string): Promise<DownloadedModule> {
  const { Dir, Sum, Info } = downloadSchema.parse(JSON.parse(await go(['mod', 'download', '-json', `${module}@v${version}`])));
  return { directory: Dir, sum: Sum, time: infoSchema.parse(JSON.parse(await readFile(Info, 'utf8'))).Time };
}

interface Wrapper {
  readonly module: string;
  readonly version: string;
  readonly downloaded: DownloadedModule;
  readonly staging: string | undefined;
}

async function writeWrapper(go: Go, directory: string, { module, version, downloaded, staging }: Wrapper): Promise<void> {
  await mkdir(directory, { recursive: true });
  const own = goModSchema.parse(JSON.parse(await go(['mod', 'edit', '-json', join(downloaded.directory, 'go.mod')])));
  await writeFile(join(directory, 'go.mod'), wrapperGoMod(own, { module, version, ...(staging !== undefined && { staging }) }));
  // The module's own sums hold for what it requires; those of the module itself come from the checksum database.
  const sums = await readFile(join(downloaded.directory, 'go.sum'), 'utf8').catch(() => '');
  await writeFile(join(directory, 'go.sum'), sums);
}

async function writeMain(directory: string, main: GoMain): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'main.go'), mainSource(main));
}

/** How many packages are not compiled yet. Every module that the build needs is downloaded on the way. */
async function stalePackages(site: BuildSite, go: Go, directory: string, words: readonly string[]): Promise<number> {
  site.step('downloading what it requires');
  const listed = await go(['list', '-deps', '-f', '{{if .Stale}}{{.ImportPath}}{{end}}', ...words], { cwd: directory });
  return listed.split('\n').filter((line) => line !== '').length;
}

interface Compilation {
  readonly directory: string;
  readonly flags: readonly string[];
  readonly programs: readonly (readonly [string, GoProgram])[];
  readonly total: number;
  /** What of the whole build is done before, and how much this is. */
  readonly share: { readonly before: number; readonly of: number };
}

async function compile(site: BuildSite, go: Go, { directory, flags, programs, total, share }: Compilation): Promise<void> {
  const work = total + LINK_WEIGHT * programs.length;
  let compiled = 0;
  const say = () => site.step(`compiling ${Math.min(compiled, total)} of ${total} packages`, share.before + share.of * Math.min(1, compiled / work));
  say();
  const target = join(directory, 'bin');
  await go(['build', '-v', ...flags, '-o', `${target}/`, ...packagesOf(programs)], {
    cwd: directory,
    // With -v, one line for each package.
    onErrorLine(line) {
      if (!line.startsWith('go: ')) compiled += 1;
      say();
    },
  });
  for (const [name, { package: path }] of programs) await copyFile(join(target, executableOf(path)), join(site.output, name));
}

const packagesOf = (programs: readonly (readonly [string, GoProgram])[]): string[] => programs.map(([, { package: path }]) => path);

/** What the go command calls a program: the last element of its path that is not a major version. */
const executableOf = (path: string): string => (/^v\d+$/.test(basename(path)) ? basename(dirname(path)) : basename(path));

/** One compilation at a time on this machine: builds share packages, and the second finds those of the first. */
async function locked<T>(site: BuildSite, file: string, work: () => Promise<T>): Promise<T> {
  const lock = await site.waiting('waiting for another compilation', acquireLock(file, site.signal));
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

/** For a report: where executables came from, by which a person can build them again. */
export function provenanceOf(component: GoBuild, modules: Readonly<Record<string, DownloadedModule>>, version: string): Record<string, string> {
  return {
    modules: Object.entries(modules).map(([module, { sum }]) => `${module}@v${version} ${sum}`).join(', '),
    toolchain: TOOLCHAIN.version,
    flags: describeFlags(component),
  };
}
