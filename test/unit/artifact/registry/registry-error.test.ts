import { expect, test } from 'vitest';
import { registryError } from '../../../../harness/artifact/registry/registry-error.ts';
import { ProofgridError } from '../../../../lifecycle/error.ts';

const { signal } = new AbortController();
const said = (what: string) => new ProofgridError({ code: 'ARTIFACT_COMMAND_FAILED', fault: 'infrastructure', what });
const fatal = (words: string) =>
  said(`skopeo failed (exit code 1): time="2026-11-27T23:47:25Z" level=fatal msg="${words}"`);

// The words are those of skopeo 1.9.3.
test.each([
  [
    'Error parsing image name \\"docker://r.example/a:v2\\": reading manifest v2 in r.example/a: manifest unknown',
    'ARTIFACT_NOT_FOUND',
  ],
  ['reading manifest v1 in r.example/a: StatusCode: 404, ', 'ARTIFACT_NOT_FOUND'],
  [
    'reading blob sha256:bc39: Error fetching blob: invalid status code from registry 404 (Not Found)',
    'ARTIFACT_NOT_FOUND',
  ],
  ['reading manifest v1 in r.example/a: unauthorized: authentication required', 'ARTIFACT_REGISTRY_REFUSED'],
  ['reading manifest v1 in r.example/a: StatusCode: 403, ', 'ARTIFACT_REGISTRY_REFUSED'],
  [
    'reading manifest v1 in docker.io/library/a: requested access to the resource is denied',
    'ARTIFACT_REGISTRY_REFUSED',
  ],
  [
    'pinging container registry r.example: Get \\"https://r.example/v2/\\": dial tcp: lookup r.example: no such host',
    'ARTIFACT_DOWNLOAD_FAILED',
  ],
  [
    'pinging container registry r: Get \\"http://r/v2/\\": dial tcp 127.0.0.1:1: connect: connection refused',
    'ARTIFACT_DOWNLOAD_FAILED',
  ],
  ['reading manifest v1 in r: received unexpected HTTP status: 503 Service Unavailable', 'ARTIFACT_DOWNLOAD_FAILED'],
  ['Get \\"http://r/v2/a/manifests/v1\\": context deadline exceeded', 'ARTIFACT_DOWNLOAD_FAILED'],
  [
    'pinging container registry r: Get \\"https://r/v2/\\": http: server gave HTTP response to HTTPS client',
    'ARTIFACT_DOWNLOAD_FAILED',
  ],
  [
    'pinging container registry r: Get \\"https://r/v2/\\": x509: certificate signed by unknown authority',
    'ARTIFACT_DOWNLOAD_FAILED',
  ],
  [
    'reading blob sha256:bc39: Digest did not match, expected sha256:bc39, got sha256:795b',
    'ARTIFACT_CHECKSUM_MISMATCH',
  ],
  ['writing blob: write /x/dir-put-blob1: no space left on device', 'ARTIFACT_DISK_FULL'],
])('%s', (words, code) => {
  const error = registryError(fatal(words), 'r.example/a:v1', signal);
  expect(error).toMatchObject({
    code,
    fault: 'infrastructure',
    message: expect.stringContaining(words.replaceAll('\\"', '"').trim()) as string,
  });
  expect((error as Error).message).not.toContain('level=fatal');
});

test('skopeo that is missing is named with what installs it', () => {
  const error = registryError(
    said('skopeo failed (exit code 127): unshare: failed to execute skopeo: No such file or directory'),
    'r.example/a:v1',
    signal,
  );
  expect((error as Error).message).toBe(
    'r.example/a:v1 is pulled with skopeo, which is not installed; '
    + 'run proofgrid doctor --fix --source upstream, or choose --source go-module [ARTIFACT_NO_SKOPEO]',
  );
});

test('what it does not know stays as it is, and so does an interruption', () => {
  const other = fatal('something new');
  expect(registryError(other, 'r.example/a:v1', signal)).toBe(other);
  const stopped = new Error('stopped');
  expect(registryError(stopped, 'r.example/a:v1', signal)).toBe(stopped);
  expect(registryError(fatal('manifest unknown'), 'r.example/a:v1', AbortSignal.abort())).toMatchObject({
    code: 'ARTIFACT_COMMAND_FAILED',
  });
});
