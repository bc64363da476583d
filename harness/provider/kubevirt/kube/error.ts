import { ProofgridError } from '../../../../lifecycle/error.ts';

/** Why one attempt of a request came to nothing. */
export interface Failure {
  /** HTTP status; undefined when there was no answer. */
  readonly status?: number;
  /** `reason` of the Status object (`AlreadyExists`, `Conflict`, `Expired`, …), or Node's code of the connection's error. */
  readonly reason: string;
  readonly message: string;
  /** No byte of the request can have reached the server: nobody listens, or its name is unknown. */
  readonly unsent: boolean;
  /** Milliseconds that the server asks to wait (`Retry-After`). */
  readonly retryAfterMs?: number;
}

/** A request that the API server refused, or that nobody answered. */
export class KubeError extends ProofgridError {
  readonly failure: Failure;

  constructor(request: string, failure: Failure, cause?: unknown) {
    const { status, message } = failure;
    super({
      code: status === undefined ? 'KUBE_UNREACHABLE' : status === 401 || status === 403 ? 'KUBE_FORBIDDEN' : 'KUBE_REFUSED',
      fault: 'infrastructure',
      what: `${request}: ${status === undefined ? message : `HTTP ${status}: ${message}`}`,
      remedy: remedyFor(failure),
      ...(cause === undefined ? {} : { cause }),
    });
    this.name = 'KubeError';
    this.failure = failure;
  }

  get status(): number | undefined {
    return this.failure.status;
  }
}

function remedyFor({ status, ...failure }: Failure): string {
  if (untrusted(failure)) return 'see whether the kubeconfig names the right server and the certificate authority that it has';
  if (status === undefined) return 'see whether the API server runs and the kubeconfig names the right one';
  if (status === 401) return 'renew the credentials of the kubeconfig';
  if (status === 403) return 'apply the role of deploy/ for this user, or use the right context';
  // webhooks, KubeVirt's and CDI's among them: they say the same again
  if (status === 400 || status === 422) return 'change what it names: in the templates, in the site, or in the configuration of the cluster';
  return 'run it again';
}

export function hasStatus(error: unknown, ...statuses: readonly number[]): error is KubeError {
  return error instanceof KubeError && error.status !== undefined && statuses.includes(error.status);
}

/** What an answer that is no success says about itself: a Status object, or whatever proxies below the API write. */
export function failureOf(status: number, body: string, retryAfter: string | undefined): Failure {
  const seconds = Number(retryAfter);
  const parsed = statusObject(body);
  return {
    status,
    reason: parsed.reason ?? '',
    message: parsed.message ?? body.slice(0, 300).trim(),
    unsent: false,
    ...(retryAfter !== undefined && Number.isFinite(seconds) ? { retryAfterMs: Math.max(0, seconds * 1000) } : {}),
  };
}

function statusObject(body: string): { reason?: string; message?: string } {
  try {
    const { reason, message } = JSON.parse(body) as { reason?: unknown; message?: unknown };
    return { ...(typeof reason === 'string' ? { reason } : {}), ...(typeof message === 'string' ? { message } : {}) };
  } catch {
    return {};
  }
}

/** Names of OpenSSL's verification errors, as Node.js has them: https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const UNTRUSTED = /^(UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|CERT_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/;

/** The server's certificate is none that we trust: no second look changes that. */
export function untrusted({ reason }: Pick<Failure, 'reason'>): boolean {
  return UNTRUSTED.test(reason);
}

const UNSENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

export function connectionFailure(error: NodeJS.ErrnoException): Failure {
  const reason = error.code ?? error.name;
  return { reason, message: error.message === '' ? reason : error.message, unsent: UNSENT.has(reason) };
}
