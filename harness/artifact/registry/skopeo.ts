import type { RegistryImage } from '../../matrix/images.ts';
import { ProofgridError } from '../../../lifecycle/error.ts';
import type { BuildSite } from '../recipe.ts';
import { registryError } from './registry-error.ts';

/** Seconds: a few small requests, with the token of a registry that wants one. */
const RESOLVE_LIMIT_S = 60;
/** Seconds: 100 MB over 1 Mbit/s. Longer than that, a registry has stopped sending. */
const COPY_LIMIT_S = 900;
/** Where `skopeo login` keeps credentials: skopeo-login(1). */
const CREDENTIALS = ['REGISTRY_AUTH_FILE', 'XDG_RUNTIME_DIR'] as const;

/** As the distribution API has it: `registry.k8s.io/pause:3.10.2`. */
export const referenceOf = ({ url, tag }: RegistryImage): string => `${withoutScheme(url)}:${tag}`;

/**
 * The digest that the tag stands for: of the index, where there is one for several architectures.
 * @throws ProofgridError as `registryError`, and `ARTIFACT_DIGEST_CHANGED`
 */
export async function resolveDigest(site: BuildSite, image: RegistryImage): Promise<string> {
  const words = [
    'inspect',
    '--no-tags',
    '--format',
    '{{.Digest}}',
    `--tls-verify=${verified(image)}`,
    `docker://${referenceOf(image)}`,
  ];
  const digest = (await skopeo(site, image, RESOLVE_LIMIT_S, words)).trim();
  if (!/^sha256:[0-9a-f]{64}$/.test(digest))
    throw new Error(`skopeo says no digest of ${referenceOf(image)}: ${digest}`);
  if (image.digest === undefined || image.digest === digest) return digest;
  throw new ProofgridError({
    code: 'ARTIFACT_DIGEST_CHANGED',
    fault: 'infrastructure',
    what: `${referenceOf(image)} is ${digest}, and ${image.digest} is recorded`,
    remedy: 'find out who moved the tag; then record the new digest in the versions file, or name another registry',
  });
}

/**
 * The image of this architecture as skopeo's `dir` has it: `manifest.json`, and uncompressed blobs by their SHA-256.
 * What does not have the digest that its reference or manifest says is refused by skopeo.
 */
export async function copyImage(
  site: BuildSite,
  image: RegistryImage,
  digest: string,
  directory: string,
): Promise<void> {
  await skopeo(site, image, COPY_LIMIT_S, [
    'copy',
    '--quiet',
    '--dest-decompress',
    `--src-tls-verify=${verified(image)}`,
    `docker://${withoutScheme(image.url)}@${digest}`,
    `dir:${directory}`,
  ]);
}

async function skopeo(
  site: BuildSite,
  image: RegistryImage,
  limitS: number,
  words: readonly string[],
): Promise<string> {
  const shared = [
    '--override-os',
    'linux',
    '--override-arch',
    'amd64',
    '--tmpdir',
    site.scratch,
    '--command-timeout',
    `${limitS}s`,
  ];
  const env = Object.fromEntries(
    CREDENTIALS.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
  try {
    return await site.run(['skopeo', ...shared, ...words], { env });
  } catch (error) {
    throw registryError(error, referenceOf(image), site.signal);
  }
}

const withoutScheme = (url: string) => url.replace(/^https?:\/\//, '');
/** https is verified; http is what somebody has written down for a registry of their own. */
const verified = ({ url }: RegistryImage) => !url.startsWith('http://');
