import { ProofgridError } from '../../../lifecycle/error.ts';

interface Kind {
  readonly pattern: RegExp;
  readonly code: string;
  readonly what: string;
  readonly remedy: string;
}

/** What the go command says when it fails, most telling first. */
const KINDS: readonly Kind[] = [
  {
    pattern: /SECURITY ERROR|checksum mismatch|verifying [^|]*: (?!.*(404|dial tcp))/,
    code: 'ARTIFACT_CHECKSUM_MISMATCH',
    what: 'a module is not what the checksum database or its go.sum knows',
    remedy: 'the module proxy is damaged or tampered with: try again, or set GOPROXY to another',
  },
  {
    pattern: /no space left on device/,
    code: 'ARTIFACT_DISK_FULL',
    what: 'the disk is full',
    remedy: 'free some space (proofgrid doctor --prune), or set PROOFGRID_CACHE to a directory on a larger disk',
  },
  {
    pattern: /: 404 Not Found|: 410 Gone|not found: |unknown revision|no matching versions|malformed module path/,
    code: 'ARTIFACT_NOT_FOUND',
    what: 'the module proxy does not serve a module',
    remedy: 'check the version (proofgrid versions), set GOPROXY to a proxy that has it, or choose --source upstream',
  },
  {
    pattern: /dial tcp|i\/o timeout|connection refused|connection reset|no such host|TLS handshake|: 50\d |EOF$|module lookup disabled/,
    code: 'ARTIFACT_DOWNLOAD_FAILED',
    what: 'the module proxy does not answer',
    remedy: 'check the network and GOPROXY, or choose --source upstream',
  },
];

/** A failure of the go command as what it means; anything else (the compiler's own words) as it is. */
export function moduleError(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted || !(error instanceof ProofgridError) || error.code !== 'ARTIFACT_COMMAND_FAILED') return error;
  const words = saidInJson(error.what) ?? error.what;
  const kind = KINDS.find(({ pattern }) => pattern.test(words));
  if (kind === undefined) return error;
  return new ProofgridError({ code: kind.code, fault: 'infrastructure', what: `${kind.what}: ${words}`, remedy: kind.remedy, cause: error });
}

/** `go mod download -json` puts the one line that matters into a field. */
function saidInJson(output: string): string | undefined {
  const field = /"Error": ("(?:[^"\\]|\\.)*")/.exec(output)?.[1];
  return field === undefined ? undefined : String(JSON.parse(field));
}
