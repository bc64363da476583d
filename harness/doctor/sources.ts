/** A place that releases come from. */
export interface ReleaseSource {
  /** As `--source` has it; `registry` is one that upstream's images come from. */
  readonly name: 'go-module' | 'upstream' | 'registry';
  /** What a person knows it by. */
  readonly title: string;
  /** Answers any request below 400 where the source can be used; a registry may answer 401, and hand out tokens. */
  readonly url: string;
}

export interface Reachable extends ReleaseSource {
  readonly reachable: boolean;
  /** Why not. */
  readonly reason?: string;
}

/** A source that has not answered by then is not worth waiting for. */
const ANSWER_LIMIT_MS = 4_000;

/** Asks all of them at once, with one small request each. */
export async function findReachable(sources: readonly ReleaseSource[], signal: AbortSignal): Promise<Reachable[]> {
  return Promise.all(sources.map(async (source) => {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_LIMIT_MS)]);
    try {
      const response = await fetch(source.url, { method: 'HEAD', signal: limited });
      const usable = response.status < 400 || (source.name === 'registry' && response.status === 401);
      if (usable) return { ...source, reachable: true };
      return { ...source, reachable: false, reason: `answers ${response.status}` };
    } catch (error) {
      signal.throwIfAborted();
      return { ...source, reachable: false, reason: limited.aborted ? `no answer within ${ANSWER_LIMIT_MS / 1000} s` : reasonOf(error) };
    }
  }));
}

const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message || cause.name : String(cause);
};

/** One line for each source, and what to choose: a download takes minutes less than a build. */
export function describeSources(found: readonly Reachable[]): string[] {
  const lines = found.map(({ name, title, reachable, reason }) => {
    const what = name === 'registry' ? 'images of upstream' : `source ${name}`;
    return `${what}: ${title} ${reachable ? 'can be reached' : `cannot be reached (${reason ?? 'unknown'})`}`;
  });
  const can = (name: ReleaseSource['name']) => found.some((each) => each.name === name && each.reachable);
  const registriesAnswer = found.every(({ name, reachable }) => name !== 'registry' || reachable);
  if (can('upstream') && registriesAnswer) {
    return [...lines, 'recommended: --source upstream, which downloads releases instead of building them'];
  }
  if (can('go-module')) return [...lines, 'recommended: --source go-module, which builds releases here, once'];
  if (can('upstream')) {
    const missing = 'images.registries of the versions file names registries that can be reached';
    return [...lines, `recommended: --source upstream, once ${missing}`];
  }
  return [...lines, 'without a source only what is in the artifact cache can run'];
}

/** Where docker.io answers: https://docs.docker.com/reference/api/registry/latest/ */
const DOCKER_HUB = 'https://registry-1.docker.io';

/** The registries of these addresses, each once: `https://registry.k8s.io/pause`. */
export function registriesOf(images: readonly string[]): ReleaseSource[] {
  const answering = (origin: string) => (origin === 'https://docker.io' ? DOCKER_HUB : origin);
  const origins = new Set(images.map((url) => answering(new URL(url).origin)));
  return [...origins].sort().map((origin) => {
    const { host } = new URL(origin);
    return { name: 'registry', title: `the registry ${host}`, url: `${origin}/v2/` };
  });
}
