import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildSite } from '../recipe.ts';
import { acquireLock } from '../cache/lock.ts';
import { mirrorsOf, throughMirrors, type Mirror, type MirrorOptions } from './mirror.ts';
import { sourceLines, type Suite } from './suite.ts';

/** Package lists older than this are fetched again: a mirror deletes superseded packages. */
const LISTS_AGE_MS = 10 * 60_000;

/**
 * apt with sources, lists and state of its own inside the cache: the host's are neither read nor changed, and what is
 * downloaded is still verified by Debian's signatures. The host's proxy settings apply.
 */
export class Apt {
  readonly #directory: string;
  readonly #mirrors: MirrorOptions;

  constructor(cacheDirectory: string, mirrors: MirrorOptions = {}) {
    this.#directory = join(cacheDirectory, 'apt');
    this.#mirrors = mirrors;
  }

  /** Downloads packages without dependencies into `site.scratch/<folder>`; resolves with the paths of the `.deb` files. */
  async download(suite: Suite, packages: readonly string[], site: BuildSite, folder: string): Promise<string[]> {
    return await this.#fetch(suite, 'deb', ['download', ...packages], site, folder, '.deb');
  }

  /** Downloads one source package at exactly this version; resolves with the path of its `.dsc`. */
  async downloadSource(suite: Suite, name: string, version: string, site: BuildSite, folder: string): Promise<string> {
    const [description] = await this.#fetch(suite, 'deb-src', ['source', '--download-only', `${name}=${version}`], site, folder, '.dsc');
    if (description === undefined) throw new Error(`apt-get source ${name}=${version} succeeded without a .dsc`);
    return description;
  }

  /** Downloads packages and unpacks them, without running anything of theirs, into `site.scratch/<folder>`. */
  async unpack(suite: Suite, packages: readonly string[], site: BuildSite, folder: string): Promise<string> {
    const root = join(site.scratch, folder);
    await mkdir(root);
    for (const archive of await this.download(suite, packages, site, `${folder}-packages`)) {
      await site.run(['dpkg-deb', '--extract', archive, root]);
    }
    return root;
  }

  async #fetch(suite: Suite, type: 'deb' | 'deb-src', command: readonly string[], site: BuildSite, folder: string, suffix: string): Promise<string[]> {
    const state = join(this.#directory, `${suite}-${type}`);
    const target = join(site.scratch, folder);
    const wanted = command.filter((word) => !word.startsWith('-')).slice(1).join(', ');
    await mkdir(join(state, 'lists', 'partial'), { recursive: true });
    const lock = await acquireLock(join(state, 'lock'), site.signal);
    try {
      await throughMirrors(suite, mirrorsOf(suite, this.#mirrors), wanted, async (mirror) => {
        const sources = sourceLines(suite, mirror, [type]).join('\n');
        const options = await configure(state, sources, mirror);
        await rm(target, { recursive: true, force: true });
        await mkdir(target);
        site.step(`package lists of ${suite}`);
        if (await isStale(join(state, 'fetched'), sources)) {
          await rm(join(state, 'fetched'), { force: true });
          await site.run(['apt-get', ...options, 'update']);
          await writeFile(join(state, 'fetched'), sources);
        }
        site.step(`downloading ${wanted}`);
        await site.run(['apt-get', ...options, ...command], { cwd: target });
      });
    } finally {
      await lock.release();
    }
    return (await readdir(target)).filter((name) => name.endsWith(suffix)).map((name) => join(target, name)).sort();
  }
}

async function configure(state: string, sources: string, { archive }: Mirror): Promise<string[]> {
  const list = join(state, 'sources.list');
  await writeFile(list, `${sources}\n`);
  await writeFile(join(state, 'status'), '');
  const settings = {
    'Dir::Etc::sourcelist': list,
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'Dir::State': state,
    'Dir::State::lists': join(state, 'lists'),
    'Dir::State::status': join(state, 'status'),
    'Dir::Cache': state,
    // Cached index files would need a lock of their own.
    'Dir::Cache::pkgcache': '',
    'Dir::Cache::srcpkgcache': '',
    'APT::Architecture': 'amd64',
    'APT::Architectures': 'amd64',
    'APT::Update::Post-Invoke-Success': '',
    'APT::Sandbox::User': 'root',
    'APT::Update::Error-Mode': 'any',
    'Acquire::Languages': 'none',
    'Acquire::http::Timeout': '30',
    'Acquire::Check-Valid-Until': archive ? 'false' : 'true',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

/** Whether the lists are missing, old, or of other sources than these. */
async function isStale(marker: string, sources: string): Promise<boolean> {
  const fetched = await stat(marker).catch(() => undefined);
  if (fetched === undefined || Date.now() - fetched.mtimeMs > LISTS_AGE_MS) return true;
  return (await readFile(marker, 'utf8')) !== sources;
}
