import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { certificatesOf, missingNames, signedBy, validityComplaint } from '../../../../harness/suite/e2e/certificate.ts';

const DAY = 86_400_000;

describe('certificates', () => {
  let directory: string;
  let own: string;
  let other: string;
  const issue = (name: string, days: number, names: string) => {
    const file = (kind: string) => join(directory, `${name}.${kind}`);
    const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', `/CN=${name}`];
    execFileSync('openssl', ['req', ...kind, '-days', `${days}`, '-addext', `subjectAltName=${names}`, '-keyout', file('key'), '-out', file('crt')], { stdio: 'ignore' });
    return readFileSync(file('crt'), 'utf8') + readFileSync(file('key'), 'utf8');
  };

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'proofgrid-certificate-'));
    own = issue('own', 40, 'DNS:m1,DNS:kubernetes.default.svc,DNS:*.example.test,IP:10.0.0.1,IP:fd00::1');
    other = issue('other', 40, 'DNS:m1');
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  test('are found in a text with keys and more than one of them', () => {
    expect(certificatesOf(`garbage\n${own}\n${other}`).map(({ subject }) => subject)).toEqual(['CN=own', 'CN=other']);
    expect(certificatesOf('nothing here')).toEqual([]);
  });

  test('are valid for the days asked, counted from now', () => {
    const [certificate] = certificatesOf(own);
    if (certificate === undefined) throw new Error('no certificate');
    const seen = { place: 'kubelet of m1', certificate };
    const now = new Date();
    expect(validityComplaint(seen, now)).toBeUndefined();
    expect(validityComplaint(seen, new Date(now.getTime() + 9 * DAY))).toBeUndefined();
    expect(validityComplaint(seen, new Date(now.getTime() + 11 * DAY))).toMatch(/^kubelet of m1: 28 days left, until 20/);
    expect(validityComplaint(seen, new Date(now.getTime() + 50 * DAY))).toMatch(/^kubelet of m1: -1\d days left/);
    expect(validityComplaint(seen, new Date(now.getTime() - DAY))).toMatch(/^kubelet of m1: not valid before/);
  });

  test('answer to the names and addresses in them, and to no other', () => {
    const [certificate] = certificatesOf(own);
    if (certificate === undefined) throw new Error('no certificate');
    expect(missingNames(certificate, ['m1', 'kubernetes.default.svc', 'a.example.test', '10.0.0.1', 'fd00::1'])).toEqual([]);
    // The common name counts for nothing: no client has looked at it for years.
    expect(missingNames(certificate, ['own', 'm2', '10.0.0.2', 'a.b.example.test'])).toEqual(['own', 'm2', '10.0.0.2', 'a.b.example.test']);
  });

  test('are signed by the key of their authority, whatever the names say', () => {
    const [mine] = certificatesOf(own);
    const [stranger] = certificatesOf(other);
    const [impostor] = certificatesOf(issue('own', 40, 'DNS:m1'));
    if (mine === undefined || stranger === undefined || impostor === undefined) throw new Error('no certificate');
    expect(signedBy(mine, [stranger, mine])).toBe(true);
    expect(signedBy(mine, [stranger])).toBe(false);
    expect(signedBy(mine, [impostor])).toBe(false);
  });
});
