import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { MirrorOptions } from './debian/mirror.ts';

export interface ArtifactOptions {
  /** Absolute. Default: `$PROOFGRID_CACHE`, else `$XDG_CACHE_HOME/proofgrid`, else `~/.cache/proofgrid`. */
  readonly cacheDirectory?: string;
  readonly debian?: MirrorOptions;
  /** Program that machine images are loaded into; default: podman, or docker where podman is absent. */
  readonly engine?: 'podman' | 'docker';
}

/** A relative path in an environment variable would put the cache wherever the command happens to start: it does not count. */
export function defaultCacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const named = env['PROOFGRID_CACHE'];
  if (named && isAbsolute(named)) return named;
  const shared = env['XDG_CACHE_HOME'];
  return join(shared && isAbsolute(shared) ? shared : join(homedir(), '.cache'), 'proofgrid');
}
