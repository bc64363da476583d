import { expect, test } from 'vitest';
import { resolveAlias } from '../../../harness/matrix/alias.ts';
import type { Axis } from '../../../harness/matrix/cell.ts';
import { parseVersions } from '../../../harness/matrix/versions/table.ts';
import { SHIPPED_VERSIONS } from './shipped.ts';

const versions = parseVersions(
  SHIPPED_VERSIONS.replace('\n# A short version is', '\n  - { version: "1.37.10" }\n  - { version: "1.37.11-rc.1" }\n\n# A short version is'),
  'v.yaml',
);

test.each<[Axis, string, string]>([
  ['kubernetes', 'latest', '1.37.10'],
  ['kubernetes', '1.36', '1.36.3'],
  ['kubernetes', '1.20', '1.20.2+deb12u1'],
  ['kubernetes', '1.37.2', '1.37.2'],
  ['kubernetes', '1.33', '1.33'],
  ['kubernetes', '1', '1'],
  ['etcd', '3.4', '3.4'],
  ['etcd', '3.6', '3.6.16'],
  ['runtime', 'containerd-2.4', 'containerd-2.4.2'],
  ['runtime', 'containerd', 'containerd'],
  ['network', 'latest', 'latest'],
])('%s %s is %s', (axis, word, meant) => {
  expect(resolveAlias(versions, axis, word)).toBe(meant);
});
