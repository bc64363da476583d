import { mkdtemp, mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readSecrets, redactor, secretsOf } from '../../../harness/cell/secrets.ts';

const BODY = 'MC4CAQAwBQYDK2VwBCIEIFakeFakeFakeFakeFakeFakeFakeFakeFake';

test('the body of a private key is a secret, its frame is not', () => {
  expect(secretsOf(`-----BEGIN PRIVATE KEY-----\n${BODY}\n-----END PRIVATE KEY-----\n`)).toEqual([BODY]);
});

test('what a kubeconfig or an encryption configuration embeds is a secret', () => {
  expect(secretsOf('users:\n- user:\n    client-key-data: QUJDREVGR0hJSktMTU5PUA==\n')).toEqual(['QUJDREVGR0hJSktMTU5PUA==']);
  expect(secretsOf('{"user": {"client-key-data": "QUJDREVGR0hJSktMTU5PUA=="}}')).toEqual(['QUJDREVGR0hJSktMTU5PUA==']);
  expect(secretsOf('keys:\n- name: key1\n  secret: QUJDREVGR0hJSktMTU5PUQ==\n')).toEqual(['QUJDREVGR0hJSktMTU5PUQ==']);
});

test('a directory gives the secrets of its keys, and nothing of certificates', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'proofgrid-secrets-'));
  await mkdir(path.join(directory, 'pki'));
  await writeFile(path.join(directory, 'pki', 'ca.key'), `-----BEGIN EC PRIVATE KEY-----\n${BODY}\n-----END EC PRIVATE KEY-----\n`);
  await writeFile(path.join(directory, 'pki', 'ca.crt'), '-----BEGIN CERTIFICATE-----\nMIIBpublicpublicpublicpublic\n-----END CERTIFICATE-----\n');
  expect(await readSecrets(directory)).toEqual([BODY]);
});

test('the key that encrypts Secrets at rest, a bare word in its file, is a secret', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'proofgrid-secrets-'));
  const key = 'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=';
  await writeFile(path.join(directory, 'encryption.key'), `${key}\n`);
  expect(await readSecrets(directory)).toEqual([key]);
});

test('every occurrence is masked', () => {
  expect(redactor([BODY])(`a ${BODY} b ${BODY}`)).not.toContain(BODY);
});
