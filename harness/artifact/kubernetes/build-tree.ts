import { cp, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { acquireLock } from '../cache/lock.ts';
import type { Entry, BuildSite, RunOptions } from '../recipe.ts';

const GOROOT = '/usr/src/.toolchain/usr/lib/go-1.19';
const GOPATH = '_output/local/go';

/** A source tree ready to compile; every path that a compiler sees in it begins with /usr/src. */
export interface BuildTree {
  readonly directory: string;
  /** Runs in the tree, at /usr/src, with Go, its shared build cache, and the version stamp. */
  run(command: readonly [string, ...string[]]): Promise<string>;
  /** The same, one at a time on this machine: builds share most packages, and the second finds those of the first. */
  compile(command: readonly [string, ...string[]]): Promise<string>;
}

interface TreeOptions {
  readonly source: Entry;
  /** Directory that the toolchain's packages are unpacked in; becomes part of the tree. */
  readonly toolchain: string;
  /** What the binaries report, without a leading `v`. */
  readonly version: string;
  /** Directory that compiled packages are kept in between builds. */
  readonly goCache: string;
}

export async function unpackTree(site: BuildSite, { source, toolchain, version, goCache }: TreeOptions): Promise<BuildTree> {
  site.step('unpacking the source');
  const directory = join(site.scratch, 'tree');
  const description = (await readdir(source.directory)).find((name) => name.endsWith('.dsc'));
  if (description === undefined) throw new Error(`no .dsc in ${source.directory}`);
  await site.run(['dpkg-source', '--no-check', '--extract', join(source.directory, description), directory]);

  const vendored = join(directory, 'vendor/github.com/modern-go/reflect2');
  await rm(vendored, { recursive: true });
  // The vendored reflect2 1.0.1 panics in programs built with Go 1.18 and newer; Debian packages 1.0.2.
  await cp(join(toolchain, 'usr/share/gocode/src/github.com/modern-go/reflect2'), vendored, { recursive: true, dereference: true });
  // Inside the tree the toolchain too has the same path in every build: the linker writes it into the binaries.
  await rename(toolchain, join(directory, '.toolchain'));
  // Only a version file is believed: an exported tree's hack/lib/version.sh overrides the variables with its own tag.
  await writeFile(join(directory, '.version'), versionFile(version));
  await mkdir(goCache, { recursive: true });
  // hack/lib/golang.sh makes a GOPATH of this name and overrides GOCACHE with this path, whatever the environment says.
  // With the same paths for what we compile without it, both find each other's packages in the cache.
  await mkdir(join(directory, GOPATH, 'src/k8s.io'), { recursive: true });
  await symlink('/usr/src', join(directory, GOPATH, 'src/k8s.io/kubernetes'));
  await symlink(goCache, join(directory, GOPATH, 'cache'));

  const env: RunOptions['env'] = {
    PATH: `${GOROOT}/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: site.scratch,
    GOROOT,
    GOPATH: `/usr/src/${GOPATH}`,
    GOCACHE: goCache,
    GOTOOLCHAIN: 'local',
    CGO_ENABLED: '0',
    GO111MODULE: 'off',
    KUBE_GIT_VERSION_FILE: '/usr/src/.version',
    // The build date in `kubectl version`; a fixed one, so that equal sources give equal bytes.
    SOURCE_DATE_EPOCH: '1610000000',
  };
  return {
    directory,
    run: (command) => site.run(command, { env, sourceDirectory: directory }),
    async compile(command) {
      site.step('waiting for another compilation');
      const lock = await acquireLock(join(goCache, 'compile.lock'), site.signal);
      try {
        site.step('compiling');
        return await site.run(command, { env, sourceDirectory: directory });
      } finally {
        await lock.release();
      }
    },
  };
}

/** The format that `kube::version::load_version_vars` sources: hack/lib/version.sh. */
function versionFile(version: string): string {
  const [major, minor] = version.split('.');
  return [
    "KUBE_GIT_COMMIT='unknown'",
    "KUBE_GIT_TREE_STATE='archive'",
    `KUBE_GIT_VERSION='v${version}'`,
    `KUBE_GIT_MAJOR='${major}'`,
    `KUBE_GIT_MINOR='${minor}'`,
    '',
  ].join('\n');
}
