import { expect, test } from 'vitest';
import { parseSuite, sourceLines, suiteOfSystem } from '../../../../harness/artifact/debian/suite.ts';

const mirrors = { main: 'http://m/debian', security: 'http://m/security' };

test('every line demands a signature by Debian', () => {
  const lines = sourceLines('bookworm', mirrors, ['deb', 'deb-src']);
  expect(lines).toEqual([
    'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://m/debian bookworm main',
    'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://m/security bookworm-security main',
    'deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://m/debian bookworm main',
  ]);
});

test('operating systems map to suites', () => {
  expect(suiteOfSystem('debian-12')).toBe('bookworm');
  expect(suiteOfSystem('debian-13')).toBe('trixie');
});

test.each(['debian-11', 'ubuntu-24.04', 'bookworm', '', 'constructor'])('no image for %j', (os) => {
  expect(() => suiteOfSystem(os)).toThrow(/ARTIFACT_UNKNOWN_OS/);
});

test.each(['sid', '../bookworm', 'toString'])('suite %j is refused', (suite) => {
  expect(() => parseSuite(suite)).toThrow(/ARTIFACT_UNKNOWN_SUITE/);
});
