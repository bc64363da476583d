import { expect, test } from 'vitest';
import { versionOfDebianSource } from '../../../../harness/artifact/kubernetes/version.ts';

test.each([
  ['1.20.5+really1.20.2-1.1+deb12u1', 'bookworm', '1.20.2+deb12u1'],
  ['1.20.5+really1.20.2-1', 'bullseye', '1.20.2+deb11'],
  ['1.32.3+ds-2', 'trixie', '1.32.3+deb13'],
  ['2:1.20.2-1', 'bullseye', '1.20.2+deb11'],
] as const)('%s of %s is %s', (debian, suite, expected) => {
  expect(versionOfDebianSource(debian, suite)).toBe(expected);
});

test.each(['', 'latest', '1.20', 'v1.20.2-1', '1.20.2; rm -rf /'])('%j is refused', (version) => {
  expect(() => versionOfDebianSource(version, 'bookworm')).toThrow(/ARTIFACT_BAD_VERSION/);
});
