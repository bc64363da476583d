import { expect, test } from 'vitest';
import type { Failure } from '../../../../../harness/provider/kubevirt/kube/error.ts';
import { retryDelay, type Safety } from '../../../../../harness/provider/kubevirt/kube/retry.ts';

const failure = (change: Partial<Failure>): Failure => ({ reason: '', message: '', unsent: false, ...change });
const delay = (safety: Safety, change: Partial<Failure>, more: { attempts?: number; elapsedMs?: number } = {}) =>
  retryDelay({ safety, failure: failure(change), attempts: 1, elapsedMs: 0, limitMs: 90_000, ...more }, 0.999999);

test.each([
  ['a reset of a read', 'idempotent', { reason: 'ECONNRESET' }, true],
  ['a reset of a creation: it may have happened', 'once', { reason: 'ECONNRESET' }, false],
  ['a refused connection of a creation: it cannot have happened', 'once', { reason: 'ECONNREFUSED', unsent: true }, true],
  ['a certificate that is not trusted, of a read', 'idempotent', { reason: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }, false],
  ['a certificate for another name', 'idempotent', { reason: 'ERR_TLS_CERT_ALTNAME_INVALID' }, false],
  ['too many requests', 'once', { status: 429 }, true],
  ['an error inside', 'idempotent', { status: 500 }, true],
  ['an error inside, of a creation', 'once', { status: 500 }, false],
  ['not found', 'idempotent', { status: 404 }, false],
  ['a conflict', 'idempotent', { status: 409 }, false],
  ['a conflict of others over the quota', 'once', { status: 409, message: 'Operation cannot be fulfilled on resourcequotas "cell": the object has been modified; please apply your changes to the latest version and try again' }, true],
  ['gone', 'idempotent', { status: 410 }, false],
  ['forbidden', 'idempotent', { status: 403 }, false],
] as const)('%s', (_name, safety, change, again) => {
  expect(delay(safety, change) !== undefined).toBe(again);
});

test('waits longer each time, up to a limit, and never less than the server asks', () => {
  const waits = [1, 2, 3, 10].map((attempts) => Math.round(delay('idempotent', { status: 503 }, { attempts }) ?? 0));
  expect(waits).toEqual([200, 400, 800, 5000]);
  expect(delay('idempotent', { status: 429, retryAfterMs: 7000 })).toBe(7000);
});

test('gives up when the next attempt would be after the limit', () => {
  expect(delay('idempotent', { status: 503 }, { elapsedMs: 89_900 })).toBeUndefined();
});
