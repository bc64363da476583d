import { execa } from 'execa';
import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { Store } from '../../../harness/artifact/cache/store.ts';
import type { GoComponent } from '../../../harness/artifact/go-module/component.ts';
import { goComponentRecipe } from '../../../harness/artifact/go-module/recipe.ts';
import { toolchainRecipe } from '../../../harness/artifact/go-module/toolchain.ts';
import { defaultCacheDirectory } from '../../../harness/artifact/options.ts';
import type { Entry } from '../../../harness/artifact/recipe.ts';
import { startModuleProxy, type ModuleProxy } from './module-proxy.ts';

// The real toolchain and the real go command; the modules are small, and come from a proxy of our own.
const MODULE = 'example.test/hello';
const LIBRARY = 'example.test/words';
const progress = { signal: new AbortController().signal, report: () => undefined };

const HELLO: GoComponent = {
  title: 'hello',
  programs: { hello: { module: MODULE, package: `${MODULE}/cmd/hello` } },
  stamps: (version) => ({ 'example.test/words.Version': version }),
  staging: (version) => version.replace(/^1/, '0'),
  proof: { program: 'hello', args: [], pattern: /^hello (\S+)/ },
  estimateMs: 1000,
};

const TREE = {
  'go.mod': `module ${MODULE}\n\ngo 1.24\n\nrequire ${LIBRARY} v0.0.0\n\nreplace ${LIBRARY} => ./staging/words\n`,
  'cmd/hello/main.go': `package main\n\nimport "${LIBRARY}"\n\nfunc main() { println2(words.Version) }\n`,
  'cmd/hello/print.go': 'package main\n\nimport "os"\n\nfunc println2(version string) { os.Stdout.WriteString("hello " + version + "\\n") }\n',
};
const WORDS = { 'go.mod': `module ${LIBRARY}\n\ngo 1.24\n`, 'words.go': 'package words\n\nvar Version = "unset"\n' };

let proxy: ModuleProxy;
let toolchain: Entry;
/** Compiled packages that all tests share. */
let compiled: string;
let directory: string;
let store: Store;
const before = { ...process.env };

beforeAll(async () => {
  proxy = await startModuleProxy();
  compiled = await mkdtemp(join(tmpdir(), 'proofgrid-go-build-'));
  toolchain = await new Store(defaultCacheDirectory()).obtain(toolchainRecipe(), progress);
});
afterAll(async () => {
  await proxy.close();
  await rm(compiled, { recursive: true });
});
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'proofgrid-go-'));
  store = new Store(directory);
  // The unpacked toolchain of this machine's cache, so that no test unpacks it again.
  await symlink(join(defaultCacheDirectory(), 'go-toolchains'), join(directory, 'toolchains'));
  process.env['GOPROXY'] = proxy.url;
  process.env['GONOSUMDB'] = 'example.test';
  proxy.answer(undefined);
  await proxy.serve(MODULE, '1.2.3', TREE);
  await proxy.serve(LIBRARY, '0.2.3', WORDS);
});
afterEach(async () => {
  process.env = { ...before };
  await rm(directory, { recursive: true });
});

const build = (version = '1.2.3', component = HELLO, packages = compiled) => {
  const caches = { build: packages, modules: join(directory, 'modules'), toolchains: join(directory, 'toolchains') };
  return store.obtain(goComponentRecipe('hello', component, version, () => Promise.resolve({ caches, toolchain })), progress);
};
const nothingKept = async () => {
  expect(await readdir(join(directory, 'entries'))).toEqual([]);
  expect(await readdir(join(directory, 'building'))).toEqual([]);
};

test('a program from a module: stamped, static, with its provenance, and the same bytes again', async () => {
  const entry = await build();
  expect((await execa(join(entry.directory, 'hello'))).stdout).toBe('hello 1.2.3');
  expect(entry.facts).toMatchObject({
    version: '1.2.3',
    modules: expect.stringMatching(/^example\.test\/hello@v1\.2\.3 h1:\S+=$/) as string,
    toolchain: expect.stringMatching(/^go1\.\d+\.\d+$/) as string,
    flags: expect.stringContaining('CGO_ENABLED=0 -trimpath') as string,
  });
  await rm(join(directory, 'entries'), { recursive: true });
  expect((await build('1.2.3', HELLO, join(directory, 'build'))).sha256).toEqual(entry.sha256);
});

test('a version that is not served', async () => {
  await expect(build('9.9.9')).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND', fault: 'infrastructure', message: expect.stringContaining('example.test/hello') as string });
  await nothingKept();
});

test('a proxy that fails', async () => {
  proxy.answer(503);
  await expect(build()).rejects.toMatchObject({ code: 'ARTIFACT_DOWNLOAD_FAILED', fault: 'infrastructure' });
  await nothingKept();
});

test('a module that is not what its go.sum says', async () => {
  await proxy.serve(LIBRARY, '0.2.4', WORDS);
  await proxy.serve(MODULE, '1.2.4', { ...TREE, 'go.sum': `${LIBRARY} v0.2.4 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n` });
  await expect(build('1.2.4')).rejects.toMatchObject({ code: 'ARTIFACT_CHECKSUM_MISMATCH', fault: 'infrastructure', message: expect.stringContaining(LIBRARY) as string });
  await nothingKept();
});

test('a compiler that fails: its own words, and where all of them are', async () => {
  await proxy.serve(MODULE, '1.2.5', { ...TREE, 'cmd/hello/print.go': 'package main\n\nfunc println2(version string) { undefinedThing() }\n' });
  await proxy.serve(LIBRARY, '0.2.5', WORDS);
  await expect(build('1.2.5')).rejects.toMatchObject({
    code: 'ARTIFACT_BUILD_FAILED',
    fault: 'infrastructure',
    message: expect.stringMatching(/undefined: undefinedThing.*the whole output is in .*\.log/s) as string,
  });
  await nothingKept();
});

test('a program that calls itself something else', async () => {
  await expect(build('1.2.3', { ...HELLO, stamps: () => ({ 'example.test/words.Version': '1.0.0' }) }))
    .rejects.toMatchObject({ code: 'ARTIFACT_BUILD_FAILED', message: expect.stringContaining('hello calls itself "1.0.0", not 1.2.3') as string });
  await nothingKept();
});

test('a full disk: one error that says so, nothing half-cached, and with room again it builds', async () => {
  const small = join(directory, 'small');
  await mkdir(small);
  // The program alone is larger.
  await execa('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small]);
  try {
    const full = new Store(small);
    const caches = { build: compiled, modules: join(directory, 'modules'), toolchains: join(directory, 'toolchains') };
    const recipe = goComponentRecipe('hello', HELLO, '1.2.3', () => Promise.resolve({ caches, toolchain }));
    await expect(full.obtain(recipe, progress)).rejects.toMatchObject({ code: 'ARTIFACT_DISK_FULL', fault: 'infrastructure' });
    expect(await readdir(join(small, 'entries'))).toEqual([]);
    await execa('mount', ['-o', 'remount,size=500m', small]);
    expect((await full.obtain(recipe, progress)).facts['version']).toBe('1.2.3');
  } finally {
    await execa('umount', ['--lazy', small]);
  }
});

test('no proxy at all: the toolchain says what to do', async () => {
  process.env['GOPROXY'] = 'off';
  await expect(new Store(join(directory, 'other')).obtain(toolchainRecipe(), progress)).rejects.toMatchObject({ code: 'ARTIFACT_NO_MODULE_PROXY' });
});
