import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MASKED, SecretMask } from '../../../harness/journal/mask.ts';
import { openJournal } from '../../../harness/journal/write.ts';
import { CELL, temporaryJournal } from './sample.ts';

const TOKEN = 'tok/en+"with" ümlaut & 100%\\canary';

function maskOf(...secrets: string[]): SecretMask {
  const mask = new SecretMask();
  for (const secret of secrets) mask.add(secret);
  return mask;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

test.each([
  ['as it is', TOKEN],
  ['base64', base64(TOKEN)],
  ['base64url without padding', Buffer.from(TOKEN).toString('base64url')],
  ['in JSON', JSON.stringify(TOKEN).slice(1, -1)],
  ['in JSON in JSON', JSON.stringify(JSON.stringify(TOKEN)).slice(3, -3)],
  ['in a URL', encodeURIComponent(TOKEN)],
  ['in a URL, lower-case', encodeURIComponent(TOKEN).replace(/%../g, (hex) => hex.toLowerCase())],
  ['in a form', encodeURIComponent(TOKEN).replaceAll('%20', '+')],
])('masks the secret %s', (_how, form) => {
  expect(maskOf(TOKEN).apply(`before ${form} and ${form}after`)).toBe(`before ${MASKED} and ${MASKED}after`);
});

test.each([0, 1, 2, 3, 4])('masks base64 of a longer text that has the secret %i bytes in', (offset) => {
  const secret = randomBytes(24).toString('hex');
  const encoded = base64(`${'x'.repeat(offset)}${secret}yy`);
  const masked = maskOf(secret).apply(encoded);
  expect(masked).toContain(MASKED);
  // at most the four characters on either edge, which no whole byte of the secret's inside can be read from
  expect(Buffer.from(masked.replace(MASKED, ''), 'base64').toString().length).toBeLessThan(offset + 2 + 8);
});

test('masks every line of a key on its own, indented or not, and its wrapped base64', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
  const mask = maskOf(privateKey);
  const body = privateKey.split('\n').filter((line) => line.length >= 8 && !line.startsWith('-----'));
  expect(body.length).toBeGreaterThan(20);
  const wrapped = (width: number) => base64(privateKey).match(new RegExp(`.{1,${width}}`, 'g'))?.join('\n') ?? '';
  const shown = mask.apply([privateKey.replace(/^/gm, '    '), privateKey.replaceAll('\n', '\r\n'), JSON.stringify({ privateKey }), base64(privateKey), wrapped(64), wrapped(76)].join('\n'));
  for (const line of body) expect(shown).not.toContain(line);
  for (const piece of base64(privateKey).match(/.{40}/g) ?? []) expect(shown).not.toContain(piece);
});

test.each(['', 'short', '        x       '])('refuses to mask %j, which would hit ordinary text', (secret) => {
  expect(() => maskOf(secret)).toThrow(expect.objectContaining({ code: 'JOURNAL_SECRET_TOO_SHORT' }) as Error);
});

test('of two secrets that begin alike the longer one is masked whole', () => {
  expect(maskOf('password-1', 'password-1-and-more').apply('password-1-and-more password-1')).toBe(`${MASKED} ${MASKED}`);
});

test('leaves other texts alone', () => {
  const mask = maskOf(TOKEN);
  for (const text of ['', 'tok', 'nothing to see, move along', TOKEN.slice(0, -1)]) expect(mask.apply(text)).toBe(text);
});

test('no canary reaches the file, wherever in an event it stands', () => {
  const file = temporaryJournal();
  const journal = openJournal(file);
  const canary = 'canary-0123456789abcdef';
  journal.mask(canary);
  const [head, tail] = [canary.slice(0, 10), canary.slice(10)];
  journal.write({ type: 'run-started', run: canary, version: canary, argv: ['--token', canary], provider: canary, cells: [{ cell: canary, axes: { [canary]: canary }, suites: [canary] }] });
  journal.write({ type: 'lease-acquired', cell: CELL, lease: canary, provider: 'p', machines: [{ name: canary, address: canary }] });
  journal.write({
    ...{ type: 'case-finished', cell: canary, suite: canary, phase: canary, name: canary, classname: canary, verdict: 'failed', durationMs: 1 },
    // hidden from a naive mask by a colour in its middle, and by the cut that would leave its first half
    ...{ message: `${head}\u001b[1m${tail}`, expected: canary, observed: 'x'.repeat(16_370) + canary, evidence: canary, location: canary },
  });
  journal.close();
  const content = readFileSync(file, 'utf8');
  expect(content).not.toContain(canary);
  expect(content).not.toContain(head);
  expect(content.match(/\[masked\]/g)?.length).toBeGreaterThanOrEqual(17);
});
