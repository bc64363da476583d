import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ProofgridError } from '../../lifecycle/error.ts';

/** A mirror that sends nothing for so long does not answer. */
const SILENCE_LIMIT_MS = 30_000;

/** A request that fails when the server is silent, and not when a large file merely takes its time. */
function watched(signal: AbortSignal): { signal: AbortSignal; alive: () => void; done: () => void } {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error(`no data for ${SILENCE_LIMIT_MS / 1000} s`)), SILENCE_LIMIT_MS);
  return { signal: AbortSignal.any([signal, silence.signal]), alive: () => timer.refresh(), done: () => clearTimeout(timer) };
}

async function request<T>(url: string, signal: AbortSignal, read: (response: Response, alive: () => void) => Promise<T>): Promise<T> {
  const watch = watched(signal);
  try {
    const response = await fetch(url, { signal: watch.signal });
    if (!response.ok) throw refused(url, response.status);
    return await read(response, watch.alive);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ProofgridError) throw error;
    const reason = error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : String(error);
    throw new ProofgridError({
      code: 'ARTIFACT_DOWNLOAD_FAILED',
      fault: 'infrastructure',
      what: `cannot download ${url}: ${reason}`,
      remedy: 'check the network, or name a mirror that can be reached',
      cause: error,
    });
  } finally {
    watch.done();
  }
}

function refused(url: string, status: number): ProofgridError {
  const missing = status === 404 || status === 410;
  return new ProofgridError({
    code: missing ? 'ARTIFACT_NOT_FOUND' : 'ARTIFACT_DOWNLOAD_FAILED',
    fault: missing ? 'usage' : 'infrastructure',
    what: `the mirror answers ${status} to ${url}`,
    remedy: missing ? 'check the version and the mirror in the matrix file' : 'try again later, or name another mirror',
  });
}

export async function downloadText(url: string, signal: AbortSignal): Promise<string> {
  return await request(url, signal, (response) => response.text());
}

/**
 * Downloads into `file` and compares the content's SHA-256 with `expected`.
 * @throws ProofgridError `ARTIFACT_NOT_FOUND`, `ARTIFACT_DOWNLOAD_FAILED`, `ARTIFACT_CHECKSUM_MISMATCH`
 */
export async function downloadFile(url: string, file: string, expected: string, signal: AbortSignal): Promise<void> {
  const observed = await downloadHashed(url, file, signal);
  if (observed === expected) return;
  throw new ProofgridError({
    code: 'ARTIFACT_CHECKSUM_MISMATCH',
    fault: 'infrastructure',
    what: `${url} has SHA-256 ${observed}, expected ${expected}`,
    remedy: 'the mirror is damaged or tampered with: try again, or name another mirror',
  });
}

/** The same for what is proved in another way: resolves with the content's SHA-256. */
export async function downloadHashed(url: string, file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await request(url, signal, async ({ body }, alive) => {
    if (body === null) throw new Error('empty response');
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        alive();
        hash.update(chunk);
        done(null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(body), meter, createWriteStream(file));
  });
  return hash.digest('hex');
}

/** The first SHA-256 of a checksum file, or the one on the line of `name` in a list of them. */
export function parseChecksum(text: string, url: string, name?: string): string {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+\*?/));
  const line = name === undefined ? lines[0] : lines.find((fields) => fields[1] === name);
  const sum = line?.[0]?.toLowerCase();
  if (sum !== undefined && /^[0-9a-f]{64}$/.test(sum)) return sum;
  throw new ProofgridError({
    code: 'ARTIFACT_BAD_CHECKSUM_FILE',
    fault: 'infrastructure',
    what: `${url} holds no SHA-256${name === undefined ? '' : ` of ${name}`}`,
    remedy: 'name a mirror with the layout of the upstream download site',
  });
}
