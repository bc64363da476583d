import { expect, test } from 'vitest';
import { DocumentError } from '../../../../lifecycle/document.ts';
import { parseVersions } from '../../../../harness/matrix/versions/table.ts';
import { changedVersions, SHIPPED_VERSIONS, shippedVersions } from '../shipped.ts';

function mistakes(text: string): string[] {
  try {
    parseVersions(text, 'v.yaml');
  } catch (error) {
    if (error instanceof DocumentError) return error.problems.map(({ message }) => message);
    throw error;
  }
  return [];
}

test('the next patch release is one row, and has what its minor has', () => {
  const table = parseVersions(SHIPPED_VERSIONS.replace('\n# A short version is', '\n  - { version: "1.37.3" }\n\n# A short version is'), 'v.yaml');
  expect(table.kubernetes.at(-1)).toEqual({ version: '1.37.3', facts: shippedVersions.factsOf('1.37.2') });
});

test('whether a version has dual-stack need not be said', () => {
  const silent = Object.fromEntries(shippedVersions.kubernetes.map((_, index) => [`kubernetes.${index}.dual-stack`, undefined]));
  const table = parseVersions(changedVersions(silent), 'v.yaml');
  expect(Object.fromEntries(['1.20.2', '1.22.17', '1.23.0', '1.30.4', '1.37.2'].map((version) => [version, Object.keys(table.factsOf(version)['dual-stack'])[0]]))).toEqual({
    '1.20.2': 'none', '1.22.17': 'none', '1.23.0': 'stage', '1.30.4': 'stage', '1.37.2': 'stage',
  });
});

test('a row has neither the source nor the date of the row before it', () => {
  const table = parseVersions(changedVersions({ 'kubernetes.1': { version: '1.20.3' } }), 'v.yaml');
  expect(table.kubernetes[1]).toMatchObject({ version: '1.20.3', source: undefined, released: undefined });
});

test('every fact of every row names who says so', () => {
  for (const { version, facts } of shippedVersions.kubernetes) {
    for (const [name, fact] of Object.entries(facts)) expect(fact.source, `${version} ${name}`).toMatch(/^https:\/\/.+\..+\//);
  }
});

test.each([
  ['1.20.2', 'the newest row of its minor', shippedVersions.factsOf('1.20.2+deb12u1')],
  ['1.37.9', 'the newest row of its minor', shippedVersions.factsOf('1.37.2')],
  ['1.34.0', 'the only row of its minor', shippedVersions.factsOf('1.34.4')],
  ['1.40.0', 'the newest row', shippedVersions.factsOf('1.37.2')],
])('%s, which has no row, has the facts of %s', (version, _of, facts) => {
  expect(shippedVersions.factsOf(version)).toEqual(facts);
});

test.each([
  ['1.23.17', { docker: { range: '>=19.03' }, containerd: { range: '>=1.4 <2.0' }, nftables: { none: expect.any(String) as string }, coredns: { version: '1.14.6' } }],
  ['1.24.0', { docker: { none: expect.stringContaining('dockershim') as string }, containerd: { range: '>=1.4 <2.0' } }],
  ['1.30.4', { containerd: { range: '>=1.6' }, etcd: { range: '>=3.4 <3.7' }, 'metrics-server': { none: expect.any(String) as string } }],
  ['1.33.6', { nftables: { stage: 'stable' }, etcd: { range: '>=3.5 <3.7' }, 'metrics-server': { version: '0.8.0' } }],
])('%s, of a minor without rows, has each fact since when it holds', (version, expected) => {
  expect(shippedVersions.factsOf(version)).toMatchObject(expected);
});

test.each([
  ['an unknown key', { 'kubernetes.1.relased': '2021-01-13' }, /^v\.yaml:\d+:\d+: unknown key "relased" in kubernetes\[1\]; did you mean released\?/],
  ['the first row of a minor that leaves something out', { 'kubernetes.2.runc': undefined, 'kubernetes.2.pause': undefined }, /^v\.yaml:\d+:\d+: 1\.34\.4 is the first row of its minor and does not say runc, pause; .* \[VERSIONS_INCOMPLETE\]$/],
  ['a fact that nobody says', { 'kubernetes.2.pause.source': undefined }, /"source" is missing in kubernetes\[2\]\.pause/],
  ['no reason', { 'kubernetes.2.containerd.reason': ' ' }, /containerd\.reason: must not be empty/],
  ['no range', { 'kubernetes.2.containerd.range': '1.6' }, /containerd\.range: must be a range of versions/],
  ['no date', { 'kubernetes.2.released': 'tomorrow' }, /kubernetes\[2\]\.released: must be a date/],
  ['a row twice', { 'kubernetes.1.version': '1.20.2+deb11' }, /kubernetes "1\.20\.2\+deb11" stands twice/],
  ['an order that nobody can follow', { 'etcd.3.version': '3.5.1' }, /3\.5\.1 stands behind 3\.6\.16; write rows from the oldest to the newest \[VERSIONS_ORDER\]/],
  ['a version that is no release', { 'etcd.2.version': '3.6' }, /nothing says where etcd 3\.6 comes from/],
  ['an unknown source', { source: 'npm' }, /source: expected one of "go-module"\|"upstream"/],
  [
    'an image with a tag',
    { 'images.pause.image': 'registry.k8s.io/pause:3.10' },
    /images\.pause\.image: must be an image with its registry and no tag/,
  ],
  [
    'an image without a registry',
    { 'images.coredns.image': 'coredns/coredns' },
    /images\.coredns\.image: must be an image with its registry/,
  ],
  [
    'an image of a version that nobody says',
    { 'images.pause.version': undefined },
    /"version" is missing in images\.pause/,
  ],
  ['a tag that is a command', { 'images.coredns.tag': '--help' }, /images\.coredns\.tag: must be a tag/],
  [
    'a digest that is none',
    { 'images.coredns.digests': { v1: 'sha256:abc' } },
    /images\.coredns\.digests\.v1: must be a digest/,
  ],
  [
    'a link that leaves the image',
    { 'images.flannel.links': { '/flanneld': '/../etc/shadow' } },
    /images\.flannel\.links\.\/flanneld: must be an absolute path/,
  ],
  [
    'a registry that no image is of',
    { 'images.registries': { 'registry.k8s.oi': 'https://mirror.example' } },
    /^v\.yaml:\d+:\d+: no image comes from registry\.k8s\.oi; .* docker\.io, ghcr\.io, registry\.k8s\.io \[VERSIONS_UNUSED/,
  ],
  [
    'a registry that is no address',
    { 'images.registries': { 'ghcr.io': 'mirror.example' } },
    /images\.registries\.ghcr\.io: must be an http or https address/,
  ],
  [
    'an image of something unknown',
    { 'images.etcd': { image: 'registry.k8s.io/etcd' } },
    /unknown key "etcd" in images/,
  ],
  ['a mirror that is no address', { 'mirrors.etcd': 'file:///etc' }, /mirrors\.etcd: must be an http or https address/],
])('%s', (_name, changes, expected) => {
  expect(mistakes(changedVersions(changes)).join('\n')).toMatch(expected);
});
