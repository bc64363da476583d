import { ProofgridError } from '../../../lifecycle/error.ts';

interface Kind {
  readonly pattern: RegExp;
  readonly code: string;
  readonly what: (image: string) => string;
  readonly remedy: string;
}

const OTHER_REGISTRY = 'name another registry in images.registries of the versions file, or choose --source go-module';

/** What skopeo says when it fails (seen of 1.9.3, Debian 12), most telling first. */
const KINDS: readonly Kind[] = [
  {
    pattern: /failed to execute skopeo/,
    code: 'ARTIFACT_NO_SKOPEO',
    what: (image) => `${image} is pulled with skopeo, which is not installed`,
    remedy: 'run proofgrid doctor --fix --source upstream, or choose --source go-module',
  },
  {
    pattern: /Digest did not match|does not match expected/,
    code: 'ARTIFACT_CHECKSUM_MISMATCH',
    what: (image) => `the registry delivers something else than ${image} says`,
    remedy: `the registry is damaged or tampered with: try again, or ${OTHER_REGISTRY}`,
  },
  {
    pattern: /no space left on device/,
    code: 'ARTIFACT_DISK_FULL',
    what: () => 'the disk is full',
    remedy: 'free some space (proofgrid doctor --prune), or set PROOFGRID_CACHE to a directory on a larger disk',
  },
  {
    pattern: /manifest unknown|name unknown|StatusCode: 404|registry 404|no image found in manifest list/i,
    code: 'ARTIFACT_NOT_FOUND',
    what: (image) => `the registry does not have ${image} for linux/amd64`,
    remedy: `check the image and its tag in the versions file; ${OTHER_REGISTRY}`,
  },
  {
    pattern: /unauthorized|denied|StatusCode: 40[13]|registry 40[13]/i,
    code: 'ARTIFACT_REGISTRY_REFUSED',
    what: (image) => `the registry does not give ${image} to everybody, or does not have it`,
    remedy: `check its name in the versions file, and log in with skopeo login; or ${OTHER_REGISTRY}`,
  },
  {
    pattern: new RegExp([
      'dial tcp|deadline exceeded|timeout|connection re(fused|set)|no such host|EOF|HTTP status: \\d|registry 5\\d\\d',
      'TLS|x509|HTTP response to HTTPS',
    ].join('|')),
    code: 'ARTIFACT_DOWNLOAD_FAILED',
    what: (image) => `the registry of ${image} does not answer as it should`,
    remedy: `check the network; ${OTHER_REGISTRY}`,
  },
];

/** A failure of skopeo as what it means; anything else as it is. */
export function registryError(error: unknown, image: string, signal: AbortSignal): unknown {
  if (signal.aborted || !(error instanceof ProofgridError) || error.code !== 'ARTIFACT_COMMAND_FAILED') return error;
  const kind = KINDS.find(({ pattern }) => pattern.test(error.what));
  if (kind === undefined) return error;
  const what = kind.code === 'ARTIFACT_NO_SKOPEO' ? kind.what(image) : `${kind.what(image)}: ${lastWords(error.what)}`;
  return new ProofgridError({ code: kind.code, fault: 'infrastructure', what, remedy: kind.remedy, cause: error });
}

/** The one line that matters, without the logger's own fields. */
function lastWords(output: string): string {
  return /level=fatal msg="((?:[^"\\]|\\.)*)"/.exec(output)?.[1]?.replace(/\\(.)/g, '$1') ?? output;
}
