import { expect, test } from 'vitest';
import { lineMasker, maskSecrets, shorten } from '../../../lifecycle/mask.ts';

const KEY = ['-----BEGIN EC PRIVATE KEY-----', 'MHcCAQEE', '-----END EC PRIVATE KEY-----'];

test.each([
  ['a key over several lines', `before\n${KEY.join('\n')}\nafter`, 'before\n***\nafter'],
  ['a key in JSON', JSON.stringify({ key: `${KEY.join('\n')}\n`, ok: 1 }), '{"key":"***\\n","ok":1}'],
  ['a key that is cut off', `x ${KEY[0]}\nMHc`, 'x ***'],
  ['a key without a type', '-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----', '***'],
  ['a kubeconfig', 'client-key-data: LS0tLS1CRUdJTiBSU0E=\nuser: me', 'client-key-data: ***\nuser: me'],
  ['a token', 'token=abcdef.0123456789abcdef', 'token=***'],
  ['a password in JSON', '{"password": "correct horse"}', '{"password": "***"}'],
  ['a password in JSON in JSON', '"{\\"password\\": \\"correct horse\\", \\"a\\": \\"b\\"}"', '"{\\"password\\": \\"***\\", \\"a\\": \\"b\\"}"'],
  ['a header', 'Authorization: Bearer abc.def-123', 'Authorization: Bearer ***'],
])('%s is masked', (_title, text, expected) => {
  expect(maskSecrets(text)).toBe(expected);
});

test.each(['-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----', 'no token was found', 'secrets: 3'])('%j stays', (text) => {
  expect(maskSecrets(text)).toBe(text);
});

test('line by line, a key is masked over its lines and what follows is not', () => {
  const mask = lineMasker();
  expect(['before', ...KEY, 'after'].map(mask)).toEqual(['before', '***', undefined, undefined, 'after']);
});

test('a long text keeps its beginning and its end, in valid characters and within the limit', () => {
  const text = `first ${'ä€😀'.repeat(3_000)} last`;
  const short = shorten(text, 4096);
  expect(Buffer.byteLength(short)).toBeLessThanOrEqual(4096);
  expect(short).toMatch(/^first .*\n\[\.\.\.\]\n.* last$/s);
  expect(shorten('short', 4096)).toBe('short');
});
