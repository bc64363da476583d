import { expect, test } from 'vitest';
import { moduleError } from '../../../../harness/artifact/go-module/module-error.ts';
import { ProofgridError } from '../../../../lifecycle/error.ts';

const said = (what: string) => new ProofgridError({ code: 'ARTIFACT_COMMAND_FAILED', fault: 'infrastructure', what });
const { signal } = new AbortController();

test.each([
  ['go: example.com/a@v1.0.0: reading https://proxy.example/a/@v/v1.0.0.info: 404 Not Found', 'ARTIFACT_NOT_FOUND'],
  ['go: example.com/a@v9.9.9: invalid version: unknown revision v9.9.9', 'ARTIFACT_NOT_FOUND'],
  ['verifying example.com/a@v1.0.0: checksum mismatch | SECURITY ERROR', 'ARTIFACT_CHECKSUM_MISMATCH'],
  ['go: Get "https://proxy.example/a/@v/v1.0.0.info": dial tcp 127.0.0.1:9: connect: connection refused', 'ARTIFACT_DOWNLOAD_FAILED'],
  ['write /x/y: no space left on device', 'ARTIFACT_DISK_FULL'],
  ['./main.go:3:2: undefined: x', 'ARTIFACT_COMMAND_FAILED'],
])('%s is %s, and infrastructure', (words, code) => {
  expect(moduleError(said(words), signal)).toMatchObject({ code, fault: 'infrastructure', what: expect.stringContaining(words) as string });
});

test('an interruption and a mistake of ours stay what they are', () => {
  const mine = new TypeError('x');
  expect(moduleError(mine, signal)).toBe(mine);
  const aborted = AbortSignal.abort();
  const error = said('404 Not Found');
  expect(moduleError(error, aborted)).toBe(error);
});
